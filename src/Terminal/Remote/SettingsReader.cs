using System.Text.Json;
using ECapture.Events;
using ECapture.Terminal.Text;

namespace ECapture.Terminal.Remote;

/// <summary>Reads a change: every field is checked before anything is changed; what is not named stays as it is.</summary>
internal static class SettingsReader
{
    private const int MostNames = 64;
    private const uint LargestPid = 4_194_304; // PID_MAX_LIMIT

    private static readonly string[] s_known = ["pid", "uid", "hex", "is_hex", "truncate_size", "btf", "btf_mode", "filters"];

    // eCapture's, and fixed here when the command starts.
    private static readonly string[] s_fixed =
    [
        "debug", "byte_code_file_mode", "per_cpu_map_size", "logger_addr", "event_collector_addr", "ecapture_q", "listen", "addr_type", "cgroup_path",
        "perf_reorder", "perf_reorder_lag_ms", "opensslpath", "capturemode", "keylogfile", "pcapfile", "ifname", "pcapfilter", "sslversion",
        "elf_path", "capture_mode", "keylog_file", "pcap_file", "pcap_filter", "bashpath", "readline", "errno", "nss_path", "nspr_path",
    ];

    /// <summary>Makes the settings that hold after a change.</summary>
    /// <exception cref="RemoteRefusal">A field is unknown, of a wrong kind or has a wrong value; names it.</exception>
    internal static RemoteSettings Read(ReadOnlyMemory<byte> body, RemoteSettings now)
    {
        using JsonDocument document = Parse(body);
        JsonElement root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new RemoteRefusal(RemoteCode.DecodeFailed, "the body must be one JSON object");
        }

        uint pid = now.Filter.Pid;
        uint? uid = now.Filter.Uid;
        bool hex = now.Text.Hex;
        int mostBytes = now.Text.MostBytes;
        ProcessNames names = now.Filter.Names;
        HashSet<string> seen = [];
        foreach (JsonProperty field in root.EnumerateObject())
        {
            if (!seen.Add(field.Name))
            {
                throw new RemoteRefusal(RemoteCode.DecodeFailed, $"field {field.Name} is there twice");
            }

            switch (field.Name)
            {
                case "pid":
                    pid = (uint)Number(field, LargestPid);
                    if (pid != 0 && !Directory.Exists($"/proc/{pid}"))
                    {
                        throw new RemoteRefusal(RemoteCode.CheckFailed, $"field pid: there is no process {pid}");
                    }

                    break;
                case "uid":
                    uid = Number(field, uint.MaxValue) is > 0 and ulong user ? (uint)user : null;
                    break;
                case "hex" or "is_hex":
                    hex = Boolean(field);
                    break;
                case "truncate_size":
                    mostBytes = (int)Number(field, int.MaxValue);
                    break;
                case "btf" or "btf_mode":
                    if (Number(field, 2) == 2)
                    {
                        throw new RemoteRefusal(RemoteCode.CheckFailed, $"field {field.Name}: this build has only objects that need the kernel's types");
                    }

                    break;
                case "filters":
                    names = Filters(field.Value, names);
                    break;
                default:
                    throw Unknown(field.Name);
            }
        }

        return new RemoteSettings(new ProcessFilter(pid, uid, names), now.Text with { Hex = hex, MostBytes = mostBytes });
    }

    private static JsonDocument Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 8 });
        }
        catch (JsonException e)
        {
            throw new RemoteRefusal(RemoteCode.DecodeFailed, $"the body is no JSON: {e.Message}");
        }
    }

    private static RemoteRefusal Unknown(string name)
    {
        if (s_fixed.Contains(name))
        {
            return new RemoteRefusal(RemoteCode.CheckFailed, $"field {name} cannot be changed while the command runs: start the command with it");
        }

        string? nearest = NearestName.Find(name, s_known);
        return new RemoteRefusal(RemoteCode.DecodeFailed, $"unknown field {name}{(nearest is null ? "" : $"; did you mean {nearest}?")}");
    }

    private static ulong Number(JsonProperty field, ulong most) =>
        field.Value.ValueKind != JsonValueKind.Number || !field.Value.TryGetInt64(out long value)
            ? throw new RemoteRefusal(RemoteCode.DecodeFailed, $"field {field.Name} must be a whole number")
            : value >= 0 && (ulong)value <= most
                ? (ulong)value
                : throw new RemoteRefusal(RemoteCode.CheckFailed, $"field {field.Name} must be from 0 to {most}");

    private static bool Boolean(JsonProperty field) => field.Value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw new RemoteRefusal(RemoteCode.DecodeFailed, $"field {field.Name} must be true or false"),
    };

    private static ProcessNames Filters(JsonElement filters, ProcessNames now)
    {
        if (filters.ValueKind != JsonValueKind.Object)
        {
            throw new RemoteRefusal(RemoteCode.DecodeFailed, "field filters must be an object");
        }

        IReadOnlyList<string> targets = now.Targets;
        IReadOnlyList<string> ignored = now.Ignored;
        foreach (JsonProperty field in filters.EnumerateObject())
        {
            switch (field.Name)
            {
                case "target_process":
                    targets = Names(field);
                    break;
                case "ignore_process":
                    ignored = Names(field);
                    break;
                default:
                    throw new RemoteRefusal(RemoteCode.DecodeFailed, $"unknown field filters.{field.Name}");
            }
        }

        return new ProcessNames(targets, ignored);
    }

    private static string[] Names(JsonProperty field)
    {
        if (field.Value.ValueKind != JsonValueKind.Array || field.Value.EnumerateArray().Any(n => n.ValueKind != JsonValueKind.String))
        {
            throw new RemoteRefusal(RemoteCode.DecodeFailed, $"field filters.{field.Name} must be a list of texts");
        }

        string[] names = [.. field.Value.EnumerateArray().Select(n => n.GetString()!)];
        return names.Length <= MostNames && names.All(n => n.Length is > 0 and < 256)
            ? names
            : throw new RemoteRefusal(RemoteCode.CheckFailed, $"field filters.{field.Name} must hold at most {MostNames} names of 1 to 255 characters");
    }
}
