using System.Text.Json;
using ECapture.Capture.Filters;
using ECapture.Events;

namespace ECapture.Terminal.Remote;

/// <summary>Reads the field <c>filters</c>; what it does not name stays.</summary>
internal static class RulesReader
{
    private const string Path = "filters.";
    private const uint LargestPid = 4_194_304; // PID_MAX_LIMIT

    private static readonly string[] s_known = ["target_process", "ignore_process", "pids", "uids", "executables", "cgroups", "containers", "ports"];

    internal static CaptureRules Read(JsonProperty filters, CaptureRules rules)
    {
        if (filters.Value.ValueKind != JsonValueKind.Object)
        {
            throw new RemoteRefusal(RemoteCode.DecodeFailed, "field filters must be an object", filters.Name);
        }

        HashSet<string> seen = [];
        foreach (JsonProperty field in filters.Value.EnumerateObject())
        {
            if (!seen.Add(field.Name))
            {
                throw new RemoteRefusal(RemoteCode.DecodeFailed, $"field {Path}{field.Name} is there twice", field.Name);
            }

            rules = field.Name switch
            {
                "target_process" => rules with { Names = JsonFields.Texts(field, Path) },
                "ignore_process" => rules with { Ignored = JsonFields.Texts(field, Path) },
                "pids" => rules with { Pids = [.. JsonFields.Numbers(field, Path, 1, LargestPid).Select(p => Running(p, Path + field.Name, field.Name))] },
                "uids" => rules with { Uids = JsonFields.Numbers(field, Path, 0, uint.MaxValue) },
                "executables" => rules with { Executables = JsonFields.Texts(field, Path) },
                "cgroups" => rules with { Cgroups = [.. JsonFields.Texts(field, Path).Select(CaptureRules.CgroupPath)] },
                "containers" => rules with { Containers = JsonFields.Texts(field, Path) },
                "ports" => rules with { Ports = [.. JsonFields.Numbers(field, Path, 1, ushort.MaxValue).Select(p => (ushort)p)] },
                _ => throw Unknown(field.Name),
            };
        }

        return rules;
    }

    /// <summary>A process that exists.</summary>
    /// <exception cref="RemoteRefusal">There is none.</exception>
    internal static uint Running(uint pid, string path, string field) => Directory.Exists($"/proc/{pid}")
        ? pid
        : throw new RemoteRefusal(RemoteCode.CheckFailed, $"field {path}: there is no process {pid}", field);

    private static RemoteRefusal Unknown(string name)
    {
        string? nearest = NearestName.Find(name, s_known);
        return new RemoteRefusal(RemoteCode.DecodeFailed, $"unknown field {Path}{name}{(nearest is null ? "" : $"; did you mean {Path}{nearest}?")}", name);
    }
}
