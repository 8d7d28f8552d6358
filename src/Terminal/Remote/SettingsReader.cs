using System.Text.Json;
using ECapture.Capture.Bpf;
using ECapture.Capture.Filters;
using ECapture.Events;

namespace ECapture.Terminal.Remote;

/// <summary>Reads a change: every field is checked before anything is changed; what is not named stays as it is.</summary>
internal static class SettingsReader
{
    private const uint LargestPid = 4_194_304; // PID_MAX_LIMIT
    private const ulong LargestStatus = 255;
    private const int AnyStatus = 128;

    private static readonly string[] s_known =
        ["pid", "uid", "hex", "is_hex", "truncate_size", "debug", "filters", .. ObjectFields.Names];

    /// <summary>Makes the settings that hold after a change.</summary>
    /// <param name="body">One JSON object.</param>
    /// <param name="now">What holds where it names nothing.</param>
    /// <param name="objects">The BPF objects in force.</param>
    /// <param name="startedWith">What cannot be changed.</param>
    /// <param name="hasExitStatus">The module has <c>errno</c>.</param>
    /// <param name="choose">Says which BPF objects a mode comes to here.</param>
    /// <exception cref="RemoteRefusal">A field is unknown, of a wrong kind or has a wrong value; names it.</exception>
    internal static RemoteSettings Read(ReadOnlyMemory<byte> body, RemoteSettings now, BtfMode objects, StartedWith startedWith, bool hasExitStatus, Func<BtfMode, KernelFit> choose)
    {
        using JsonDocument document = Parse(body);
        JsonElement root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new RemoteRefusal(RemoteCode.DecodeFailed, "the body must be one JSON object");
        }

        HashSet<string> seen = [];
        ObjectFields objectFields = new(choose);
        foreach (JsonProperty field in root.EnumerateObject())
        {
            if (!seen.Add(field.Name))
            {
                throw new RemoteRefusal(RemoteCode.DecodeFailed, $"field {field.Name} is there twice", field.Name);
            }

            if (ObjectFields.Names.Contains(field.Name))
            {
                objectFields.Take(field);
                continue;
            }

            now = field.Name switch
            {
                "pid" => now with { Rules = now.Rules with { Pids = One(JsonFields.Number(field, LargestPid), p => RulesReader.Running(p, field.Name, field.Name)) } },
                "uid" => now with { Rules = now.Rules with { Uids = One(JsonFields.Number(field, uint.MaxValue), u => u) } },
                "hex" or "is_hex" => now with { Text = now.Text with { Hex = JsonFields.Boolean(field) } },
                "truncate_size" => now with { Text = now.Text with { MostBytes = (int)JsonFields.Number(field, int.MaxValue) } },
                "debug" => now with { Debug = JsonFields.Boolean(field) },
                "errno" when hasExitStatus => now with { ExitStatus = (int)JsonFields.Number(field, LargestStatus) is var status && status == AnyStatus ? null : status },
                "filters" => now with { Rules = RulesReader.Read(field, now.Rules) },
                _ => startedWith.Check(field) ? now : throw Unknown(field.Name, startedWith, hasExitStatus),
            };
        }

        return now with { Objects = objectFields.Decide(now.Objects, objects) };
    }

    /// <summary>Writes settings as a change that would make them.</summary>
    internal static void Write(Utf8JsonWriter json, RemoteSettings settings, StartedWith startedWith, bool hasExitStatus)
    {
        CaptureRules rules = settings.Rules;
        json.WriteStartObject();
        json.WriteNumber("pid", rules.Pids.Count == 1 ? rules.Pids[0] : 0);
        json.WriteNumber("uid", rules.Uids.Count == 1 ? rules.Uids[0] : 0);
        json.WriteBoolean("hex", settings.Text.Hex);
        json.WriteNumber("truncate_size", settings.Text.MostBytes);
        json.WriteBoolean("debug", settings.Debug);
        if (hasExitStatus)
        {
            json.WriteNumber("errno", settings.ExitStatus ?? AnyStatus);
        }

        foreach (string name in ObjectFields.Names)
        {
            json.WriteNumber(name, (int)settings.Objects);
        }

        startedWith.Write(json);
        json.WriteStartObject("filters");
        Write(json, "target_process", rules.Names, json.WriteStringValue);
        Write(json, "ignore_process", rules.Ignored, json.WriteStringValue);
        Write(json, "pids", rules.Pids, json.WriteNumberValue);
        Write(json, "uids", rules.Uids, json.WriteNumberValue);
        Write(json, "executables", rules.Executables, json.WriteStringValue);
        Write(json, "cgroups", rules.Cgroups, json.WriteStringValue);
        Write(json, "containers", rules.Containers, json.WriteStringValue);
        Write(json, "ports", rules.Ports, p => json.WriteNumberValue((uint)p));
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static IReadOnlyList<uint> One(ulong number, Func<uint, uint> check) => number == 0 ? [] : [check((uint)number)];

    private static void Write<T>(Utf8JsonWriter json, string name, IReadOnlyList<T> values, Action<T> write)
    {
        json.WriteStartArray(name);
        foreach (T value in values)
        {
            write(value);
        }

        json.WriteEndArray();
    }

    private static JsonDocument Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 8 });
        }
        catch (JsonException e)
        {
            throw new RemoteRefusal(RemoteCode.DecodeFailed, $"the body is no JSON: {e.Message}") { Line = e.LineNumber is { } line ? line + 1 : 0 };
        }
    }

    private static RemoteRefusal Unknown(string name, StartedWith startedWith, bool hasExitStatus)
    {
        string? nearest = NearestName.Find(name, s_known.Concat(startedWith.Names).Concat(hasExitStatus ? ["errno"] : []));
        return new RemoteRefusal(RemoteCode.DecodeFailed, $"unknown field {name}{(nearest is null ? "" : $"; did you mean {nearest}?")}", name);
    }
}
