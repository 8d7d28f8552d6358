using ECapture.Capture.Elf;
using ECapture.Capture.Symbols;

namespace ECapture.Capture.Modules.Tls;

/// <summary>Plans for libraries that export what moves plaintext and pass every secret, in the clear, through one function.</summary>
internal sealed class ExportPlanner(TlsApi api) : ILibraryPlanner
{
    private readonly KeyLogResolver _resolver = new(api.ClientRandomAccessor);

    /// <inheritdoc/>
    public LibraryPlan Plan(ElfFile elf)
    {
        LibraryPlan plan = new(elf.BuildId);
        KeyLogResolution keyLog = _resolver.Resolve(elf);
        if (keyLog.Tried.Length > 0)
        {
            plan.Miss("secrets: " + keyLog.Tried);
        }

        plan.AddPlaintext(elf, api);
        if (keyLog.Function is not { } function)
        {
            return plan;
        }

        plan.KeyLog = function;
        plan.Add(function.FileOffset, TlsFunction.LogSecret, hasReturn: false);

        // The secret of a resumed session is told only together with its client random.
        FieldLocation? secret = api.MasterSecretAccessor is { } accessor ? PointerWalk.Accessed(elf, accessor) : null;
        if (api.MasterSecretAccessor is not null && secret is not { Pointer: < 0 })
        {
            plan.Miss($"secrets of resumed TLS 1.2 sessions: {api.MasterSecretAccessor.Function} does not tell where they are");
        }

        plan.Entry = new LibraryEntry(function.ClientRandom, secret is { Pointer: < 0 } ? secret.Value.Offset : LibraryEntry.Unknown);
        return plan;
    }
}
