using System.ComponentModel;
using System.Diagnostics;

namespace ECapture.Tests.Support.Go;

/// <summary>The packaged Go compiler, with the standard library only: nothing is downloaded.</summary>
public static class GoCompiler
{
    /// <summary>Compiles a program.</summary>
    /// <param name="source">A file of package main.</param>
    /// <param name="output">The program.</param>
    /// <param name="flags">Of <c>go build</c>.</param>
    /// <exception cref="InvalidOperationException">There is no compiler, or it refused; the message holds what it said.</exception>
    public static async Task BuildAsync(string source, string output, params string[] flags)
    {
        ProcessStartInfo start = new("go", ["build", .. flags, "-o", output, source]) { RedirectStandardError = true };
        start.Environment["GO111MODULE"] = "off";
        start.Environment["GOPROXY"] = "off";
        start.Environment["GOFLAGS"] = "-mod=mod";
        try
        {
            using Process go = Process.Start(start)!;
            string errors = await go.StandardError.ReadToEndAsync();
            await go.WaitForExitAsync();
            if (go.ExitCode != 0)
            {
                throw new InvalidOperationException($"go build {source} ended with {go.ExitCode}: {errors}");
            }
        }
        catch (Win32Exception e)
        {
            throw new InvalidOperationException("go is missing: run `make setup-test`, or: apt-get install golang-go", e);
        }
    }
}
