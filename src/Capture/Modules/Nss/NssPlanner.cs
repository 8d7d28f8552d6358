using System.Globalization;
using ECapture.Capture.Elf;
using ECapture.Capture.Modules.Tls;
using ECapture.Capture.Symbols;

namespace ECapture.Capture.Modules.Nss;

/// <summary>Finds what to attach to in NSS's three libraries; which one a file is, is told by what it exports.</summary>
internal sealed class NssPlanner(TlsApi api) : ILibraryPlanner
{
    /// <inheritdoc/>
    public LibraryPlan Plan(ElfFile elf)
    {
        LibraryPlan plan = new(elf.BuildId);
        if (elf.TryGetSymbol("SSL_ImportFD", out _))
        {
            AddProtocol(elf, plan);
        }
        else if (elf.TryGetSymbol("FREEBL_GetVector", out ElfSymbol vector))
        {
            AddToken(elf, vector, plan);
        }
        else
        {
            plan.AddExported(elf, api.Functions);
        }

        return plan;
    }

    // The key-log function is the one that is handed the only label that is passed in place, that of TLS 1.2.
    private static void AddProtocol(ElfFile elf, LibraryPlan plan)
    {
        if (elf.Machine != ElfMachine.X64)
        {
            plan.Miss($"secrets: code of processor {elf.Machine} is not read yet");
            return;
        }

        Dictionary<ulong, string> labels = LabelFinder.Find(elf, KeyLogLabels.Known);
        ulong[] called = [.. LabelVotes.Count(elf, labels).Where(v => v.Value.Labels.Contains("CLIENT_RANDOM")).Select(v => v.Key)];
        if (called.Length != 1 || !elf.TryGetCodeOffset(called[0], out ulong offset))
        {
            plan.Miss($"secrets: {labels.Count} key log labels found, {called.Length} functions are handed CLIENT_RANDOM instead of one");
            return;
        }

        if (ExportedRandoms.Find(elf) is not { } random)
        {
            plan.Miss($"secrets: SSL_ExportKeyingMaterial does not tell where the client random is");
            return;
        }

        plan.KeyLog = new KeyLogFunction(
            called[0], offset, random, labels,
            string.Create(CultureInfo.InvariantCulture, $"0x{called[0]:x} is handed CLIENT_RANDOM; client random at {random}: by SSL_ExportKeyingMaterial"));
        plan.Entry = new LibraryEntry(random, LibraryEntry.Unknown);
        plan.Add(offset, TlsFunction.NssLogSecret, hasReturn: false);
    }

    private static void AddToken(ElfFile elf, in ElfSymbol getVector, LibraryPlan plan)
    {
        if (FreeblVector.TryFind(elf, getVector, out FreeblVector? vector, out string reason))
        {
            plan.Add(vector.Hmac, TlsFunction.NssHmac, hasReturn: true);
            plan.Add(vector.Prf, TlsFunction.NssPrf, hasReturn: false);
            plan.Add(vector.PHash, TlsFunction.NssPHash, hasReturn: false);
        }
        else
        {
            plan.Miss("secrets: " + reason);
        }
    }
}
