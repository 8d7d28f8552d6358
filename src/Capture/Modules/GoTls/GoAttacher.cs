using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;
using ECapture.Capture.Elf;
using ECapture.Capture.Modules.Tls;
using ECapture.Capture.Symbols;

namespace ECapture.Capture.Modules.GoTls;

/// <summary>Puts the probes on a Go program, for all processes that run it or will run it.</summary>
internal sealed class GoAttacher(BpfObject obj)
{
    private const string Entry = "go_entry";
    private const string ReadDone = "go_read_done";
    private const string ReadName = "crypto/tls.(*Conn).Read";
    private const string WriteName = "crypto/tls.(*Conn).Write";
    private const string KeyLogName = "crypto/tls.(*Config).writeKeyLog";

    // What must be there for all to be captured; a program that only connects, or only accepts, has one of the handshakes.
    private static readonly (string Name, GoProbe Probe, string For)[] s_functions =
    [
        (ReadName, GoProbe.Read, "what it receives"),
        (WriteName, GoProbe.Write, "what it sends"),
        (KeyLogName, GoProbe.KeyLog, "its secrets"),
        ("crypto/tls.(*Conn).clientHandshake", GoProbe.Handshake, ""),
        ("crypto/tls.(*Conn).serverHandshake", GoProbe.Handshake, ""),
    ];

    /// <summary>Says how the programs are attached, before the object is loaded.</summary>
    internal static void Prepare(BpfObject obj) => obj.PrepareUprobes(Entry, ReadDone);

    /// <summary>Attaches to a program.</summary>
    /// <param name="elf">The Go program; its path leads to its inode now.</param>
    /// <param name="identity">The inode.</param>
    /// <param name="path">Path as people know it.</param>
    /// <param name="missing">What cannot be captured and why; empty: nothing.</param>
    /// <returns>Null when it does not use crypto/tls, or nothing of it can be captured.</returns>
    /// <exception cref="CaptureException">It cannot be read, or the kernel refused; nothing is left attached.</exception>
    internal GoProgram? Attach(ElfFile elf, FileIdentity identity, string path, out string missing)
    {
        missing = "";
        if (elf.Machine != ElfMachine.X64)
        {
            missing = "Go programs are captured on x86-64 only";
            return null;
        }

        Dictionary<string, GoFunction> functions = GoFunctions.Find(elf, [.. s_functions.Select(f => f.Name)], out string tried);
        if (functions.Count == 0)
        {
            missing = tried; // empty: its table was read, and crypto/tls is not in it
            return null;
        }

        List<UprobePoint> entries = [];
        List<UprobePoint> returns = [];
        List<string> reasons = [];
        foreach ((string name, GoProbe probe, string what) in s_functions)
        {
            if (!functions.TryGetValue(name, out GoFunction function))
            {
                // Go's linker leaves out what is never called: then there is nothing to miss.
                continue;
            }

            if (!TryPlace(elf, function, probe, entries, returns) && what.Length > 0)
            {
                reasons.Add($"{what}: {name} does not begin as Go's register ABI has it");
            }
        }

        missing = string.Join("; ", reasons);
        return entries.Count == 0 ? null : new GoProgram(identity, path, entries.Count + returns.Count, Attach(elf.Path, entries, returns));
    }

    private static ulong Cookie(GoProbe probe) => ((ulong)probe << 32) | TlsMember.CookieOf(TlsMember.GoTls, 0);

    private static bool TryPlace(ElfFile elf, in GoFunction function, GoProbe probe, List<UprobePoint> entries, List<UprobePoint> returns)
    {
        if (GoCode.BehindStackCheck(elf, function) is not { } start || !elf.TryGetCodeOffset(start, out ulong offset))
        {
            return false;
        }

        if (probe == GoProbe.Read)
        {
            int before = returns.Count;
            GoProbe kind = GoCode.KeepsArguments(elf, function) ? GoProbe.ReadHome : probe;
            foreach (ulong address in GoCode.Returns(elf, function))
            {
                if (elf.TryGetCodeOffset(address, out ulong at))
                {
                    returns.Add(new UprobePoint(at, Cookie(kind)));
                }
            }

            if (returns.Count == before)
            {
                return false;
            }
        }

        entries.Add(new UprobePoint(offset, Cookie(probe)));
        return true;
    }

    private List<BpfLink> Attach(string path, List<UprobePoint> entries, List<UprobePoint> returns)
    {
        // The returns first: an entry without one would wait for a return that nobody sees.
        List<BpfLink> links = [];
        try
        {
            if (returns.Count > 0)
            {
                links.AddRange(obj.AttachUprobes(ReadDone, path, CollectionsMarshal.AsSpan(returns)));
            }

            links.AddRange(obj.AttachUprobes(Entry, path, CollectionsMarshal.AsSpan(entries)));
            return links;
        }
        catch (CaptureException)
        {
            links.ForEach(l => l.Dispose());
            throw;
        }
    }
}
