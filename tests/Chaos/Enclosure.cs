using System.Diagnostics;
using System.Runtime.InteropServices;

namespace ECapture.Tests.Chaos;

/// <summary>
/// Runs this program as the first process of process and mount namespaces of its own: when it ends, however it does, the kernel ends every process that it
/// started and takes every disk away that it mounted.
/// </summary>
internal static class Enclosure
{
    private const string Variable = "CHAOS_FOLDER";

    /// <summary>True in the namespaces.</summary>
    public static bool IsInside => Environment.GetEnvironmentVariable(Variable) is not null;

    /// <summary>The folder for everything; it goes with the program.</summary>
    public static string Folder => Environment.GetEnvironmentVariable(Variable)!;

    /// <summary>Starts this program again, inside.</summary>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="ownProcesses">False: the processes stay in this namespace.</param>
    /// <returns>Its exit code.</returns>
    public static async Task<int> EnterAsync(string[] arguments, bool ownProcesses)
    {
        string folder = Directory.CreateTempSubdirectory("ecapture-chaos-").FullName;
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
        try
        {
            ProcessStartInfo start = new(
                "unshare", ["--mount", .. ownProcesses ? new[] { "--pid", "--mount-proc" } : [], "--fork", "--kill-child", "--", Environment.ProcessPath!, .. arguments])
            {
                RedirectStandardInput = true, // held open: its end is the end of what is inside
            };
            start.Environment[Variable] = folder;
            start.Environment["TMPDIR"] = folder; // the servers' files go with it, too
            using Process inside = Process.Start(start) ?? throw new InvalidOperationException("unshare did not start");
            using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
            using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
            await inside.WaitForExitAsync(CancellationToken.None);
            return inside.ExitCode;

            void End(PosixSignalContext context)
            {
                context.Cancel = true;
                inside.StandardInput.Close();
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Runs while the standard input is open.</summary>
    public static async Task<int> StayAsync(Func<CancellationToken, Task<int>> run)
    {
        using CancellationTokenSource stop = new();
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel = true); // comes by the input
        Task input = Task.Run(() =>
        {
            while (Console.In.ReadLine() is not null)
            {
            }
        });
        Task<int> running = run(stop.Token);
        if (await Task.WhenAny(running, input) == input)
        {
            if (Environment.ProcessId == 1)
            {
                Environment.Exit(130); // all others end with the first process
            }

            await stop.CancelAsync();
        }

        return await running;
    }
}
