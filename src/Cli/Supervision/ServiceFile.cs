using System.Text.Json;
using ECapture.Cli.Options;

namespace ECapture.Cli.Supervision;

/// <summary>What a running service says of itself in <c>DATA/run/NAME.json</c>, so that other commands find it.</summary>
/// <param name="Pid">Its process id.</param>
/// <param name="Started">When it was ready.</param>
/// <param name="Api">Address of its API, if it has one.</param>
/// <param name="Detail">What it does, one line each.</param>
internal sealed record ServiceFile(int Pid, DateTimeOffset Started, string? Api, IReadOnlyList<string> Detail)
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>When that process began, in clock ticks since boot: another process may get its id later.</summary>
    public long ProcessStart { get; init; }

    /// <summary>What <see cref="Admin.AdminRoutes"/> asks for; only who may read this file has it.</summary>
    public string? AdminKey { get; init; }

    /// <summary>Path of a service's file.</summary>
    internal static string PathOf(string data, string service) => Path.Combine(data, "run", service + ".json");

    /// <summary>Writes the file whole.</summary>
    internal void Write(string path)
    {
        // Root writes into a folder that the service's user may write: what stands there already, a link perhaps, is not followed (O_EXCL).
        string next = path + ".next";
        File.Delete(next);
        using (StreamWriter file = new(next, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write }))
        {
            file.WriteLine(JsonSerializer.Serialize(this with { ProcessStart = Capture.ProcessStart.Of(Pid) ?? 0 }, s_json));
        }

        File.Move(next, path, overwrite: true);
    }

    /// <summary>Reads a file; null when there is none or its process is gone.</summary>
    /// <exception cref="UsageException">This user may not see it.</exception>
    internal static ServiceFile? ReadLive(string path)
    {
        try
        {
            ServiceFile? file = JsonSerializer.Deserialize<ServiceFile>(File.ReadAllText(path), s_json);
            return file is not null && Capture.ProcessStart.Of(file.Pid) == file.ProcessStart ? file : null;
        }
        catch (UnauthorizedAccessException)
        {
            throw new UsageException($"{Path.GetDirectoryName(path)} is not open to this user: what runs there cannot be seen; run this as root, or name the service with --api");
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return null; // a service that starts or stops right now counts as not running
        }
    }
}
