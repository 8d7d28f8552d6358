using ECapture.Capture.Bpf;
using ECapture.Capture.Elf;

namespace ECapture.Capture.Modules.Tls;

/// <summary>Puts the probes on a library, for all processes that have it mapped or will map it.</summary>
/// <param name="planner">Reads libraries.</param>
/// <param name="load">Gives the loaded object; called before the first library is attached to, so that where there is none nothing is loaded.</param>
/// <param name="member">The module's number in the ring.</param>
/// <param name="plaintext">False: secrets only.</param>
internal sealed class LibraryAttacher(ILibraryPlanner planner, Func<BpfObject> load, uint member, bool plaintext = true)
{
    private const string EntryProgram = "tls_entry";
    private const string ReturnProgram = "tls_return";
    private BpfObject? _object;

    /// <summary>Loads the object if nothing was attached to yet.</summary>
    /// <exception cref="CaptureException">The kernel refused it: no library can be captured.</exception>
    internal void Load() => _object ??= load();

    /// <summary>Attaches to a library.</summary>
    /// <param name="file">The library.</param>
    /// <param name="index">Its index in the map <c>libraries</c>.</param>
    /// <param name="plan">What to attach to in it; null: it is read now.</param>
    /// <param name="missing">What could not be placed; empty: nothing.</param>
    /// <exception cref="CaptureException">It cannot be read, or the kernel refused; nothing is left attached.</exception>
    internal AttachedLibrary Attach(in LibraryFile file, uint index, LibraryPlan? plan, out string missing)
    {
        BpfObject obj = _object ?? throw new InvalidOperationException($"{nameof(Load)} comes first");
        plan ??= Read(file);
        missing = plan.Missing;
        if (!plaintext)
        {
            plan.KeepSecretsOnly();
        }

        // Before the probes: they read this.
        obj.Maps["libraries"].Set(index, plan.Entry);

        // The return first: an entry without one would wait for a return that nobody sees.
        List<BpfLink> links = [];
        try
        {
            Attach(obj, ReturnProgram, file.AccessPath, plan.Returns, index, isReturn: true, links);
            Attach(obj, EntryProgram, file.AccessPath, plan.Entries, index, isReturn: false, links);
        }
        catch (CaptureException)
        {
            links.ForEach(l => l.Dispose());
            throw;
        }

        return new AttachedLibrary(file, index, plan.BuildId, plan.KeyLog, plan.Entries.Count + plan.Returns.Count, links);
    }

    /// <summary>Says how the programs are attached, before the object is loaded.</summary>
    internal static void Prepare(BpfObject obj) => obj.PrepareUprobes(EntryProgram, ReturnProgram);

    private LibraryPlan Read(in LibraryFile file)
    {
        using ElfFile elf = ElfFile.Open(file.AccessPath);
        return planner.Plan(elf);
    }

    private void Attach(
        BpfObject obj, string program, string path, List<(ulong Offset, TlsFunction Kind)> functions, uint index, bool isReturn, List<BpfLink> links)
    {
        if (functions.Count > 0)
        {
            UprobePoint[] points = [.. functions.Select(f => new UprobePoint(f.Offset, ((ulong)f.Kind << 32) | TlsMember.CookieOf(member, index)))];
            links.AddRange(obj.AttachUprobes(program, path, points, isReturn));
        }
    }
}
