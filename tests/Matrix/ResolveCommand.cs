using System.Diagnostics;
using ECapture.Capture;
using ECapture.Capture.Elf;
using ECapture.Capture.Modules.Tls;

namespace ECapture.Tests.Matrix;

/// <summary>Shows what module tls would attach to in files, without running them.</summary>
internal static class ResolveCommand
{
    internal static int Run(IEnumerable<string> files)
    {
        ILibraryPlanner planner = TlsApi.OpenSsl.NewPlanner(TlsApi.OpenSsl);
        foreach (string file in files)
        {
            Stopwatch watch = Stopwatch.StartNew();
            try
            {
                using ElfFile elf = ElfFile.Open(file);
                LibraryPlan plan = planner.Plan(elf);
                Console.WriteLine($"{file}: {watch.ElapsedMilliseconds} ms, build id {Convert.ToHexStringLower(elf.BuildId)}");
                Console.WriteLine($"  secrets: {plan.KeyLog?.How ?? "none"}");
                Console.WriteLine($"  entries: {string.Join(", ", plan.Entries.Select(e => $"{e.Kind} 0x{e.Offset:x}"))}");
                Console.WriteLine($"  missing: {plan.Missing}");
            }
            catch (CaptureException e)
            {
                Console.WriteLine($"{file}: {e.Message}");
            }
        }

        return 0;
    }
}
