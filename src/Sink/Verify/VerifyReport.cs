using System.Globalization;
using System.Text.Json;
using ECapture.Events.Formatting;
using ECapture.Sink.Operations;

namespace ECapture.Sink.Verify;

/// <summary>What verifying found, as lines.</summary>
internal sealed class VerifyReport(TextWriter output, bool isJson)
{
    private long _runs;
    private long _streams;
    private long _events;
    private long _verified;
    private ulong _missing;
    private long _altered;
    private long _twice;
    private long _unclean;

    public async Task RunAsync(Guid run, RunRecord record)
    {
        _runs++;
        if (!isJson)
        {
            string started = record.Started is { } at ? $"started {Timestamp.Format(at)}" : "its start is not stored";
            await output.WriteLineAsync($"run {run} on {Printable.Of(record.Host)}, {started}").ConfigureAwait(false);
        }
    }

    public async Task StreamAsync(Guid run, string topic, int partition, StreamFindings found, bool mayBeOnTheirWay)
    {
        ulong onTheirWay = mayBeOnTheirWay && found.MissingAtEnd is { } end ? end.Count : 0;
        ulong missing = found.MissingCount - onTheirWay;
        _streams++;
        _events += found.Stored;
        _verified += found.Verified;
        _missing += missing;
        _altered += found.AlteredIntervals;
        _twice += found.TwiceCount;
        if (isJson)
        {
            await Reports.JsonLineAsync(output, json =>
            {
                json.WriteString("stream", $"{run}/{topic}/{partition.ToString(CultureInfo.InvariantCulture)}");
                json.WriteNumber("events", found.Stored);
                json.WriteNumber("verified", found.Verified);
                json.WriteNumber("unverified", found.Unverified);
                json.WriteNumber("behind_last_checkpoint", found.BehindLastCheckpoint);
                json.WriteNumber("cut", found.Cut);
                json.WriteNumber("on_their_way", onTheirWay);
                json.WriteNumber("expired", found.Expired);
                json.WriteNumber("missing", missing);
                Ranges(json, "missing_sequences", found.Missing);
                json.WriteNumber("dead_letters", found.DeadLetters);
                json.WriteNumber("altered_intervals", found.AlteredIntervals);
                Ranges(json, "altered_between", found.Altered);
                json.WriteNumber("twice", found.TwiceCount);
                Ranges(json, "twice_sequences", found.Twice);
            }).ConfigureAwait(false);
            return;
        }

        string name = string.Create(CultureInfo.InvariantCulture, $"  {topic}/{partition}: ");
        List<string> facts = [Reports.Count(found.Stored, "event"), $"{found.Verified.ToString("N0", CultureInfo.InvariantCulture)} verified"];
        Add(facts, found.BehindLastCheckpoint, "behind the last checkpoint");
        Add(facts, found.Cut, "cut by policy");
        Add(facts, (long)found.Expired, "expired by retention");
        Add(facts, found.Unverified, "between checkpoints that cannot be checked");
        Add(facts, (long)onTheirWay, "of the last checkpoint not stored yet");
        await output.WriteLineAsync(name + string.Join(", ", facts)).ConfigureAwait(false);
        if (missing > 0)
        {
            await output.WriteLineAsync($"{name}MISSING {missing.ToString("N0", CultureInfo.InvariantCulture)}: sequence {string.Join(", ", found.Missing)}").ConfigureAwait(false);
        }

        if (found.DeadLetters > 0)
        {
            await output.WriteLineAsync($"{name}{found.DeadLetters.ToString("N0", CultureInfo.InvariantCulture)} of these the store refused, they are kept: `ecapture dlq list --topic {topic}`").ConfigureAwait(false);
        }

        if (found.AlteredIntervals > 0)
        {
            await output.WriteLineAsync($"{name}ALTERED between the checkpoints around sequence {string.Join(", ", found.Altered)}").ConfigureAwait(false);
        }

        if (found.TwiceCount > 0)
        {
            await output.WriteLineAsync($"{name}TWICE {found.TwiceCount.ToString("N0", CultureInfo.InvariantCulture)}: sequence {string.Join(", ", found.Twice)}").ConfigureAwait(false);
        }
    }

    public async Task EndRunAsync(Guid run, RunRecord record)
    {
        bool isUnclean = record.Stopped is null;
        _unclean += isUnclean ? 1 : 0;
        if (isJson)
        {
            await Reports.JsonLineAsync(output, json =>
            {
                json.WriteString("run", run);
                json.WriteString("host", record.Host);
                json.WriteString("started", record.Started is { } started ? Timestamp.Format(started) : null);
                json.WriteString("stopped", record.Stopped is { } stopped ? Timestamp.Format(stopped) : null);
                json.WriteStartArray("losses");
                foreach (((string where, string why), ulong records) in record.Losses)
                {
                    json.WriteStartObject();
                    json.WriteString("where", where);
                    json.WriteString("why", why);
                    json.WriteNumber("records", records);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
            }).ConfigureAwait(false);
            return;
        }

        foreach (((string where, string why), ulong records) in record.Losses)
        {
            await output.WriteLineAsync($"  declared loss: {records.ToString("N0", CultureInfo.InvariantCulture)} at {Printable.Of(where)}: {Printable.Of(why)}").ConfigureAwait(false);
        }

        await output.WriteLineAsync(isUnclean
            ? "  no end in the record: the agent runs, or it was killed; then what was in its rings is not in the record"
            : $"  stopped {Timestamp.Format(record.Stopped!.Value)}").ConfigureAwait(false);
    }

    /// <returns>The exit code.</returns>
    public async Task<int> EndAsync()
    {
        bool isSound = _missing == 0 && _altered == 0 && _twice == 0;
        if (isJson)
        {
            await Reports.JsonLineAsync(output, json =>
            {
                json.WriteBoolean("sound", isSound);
                json.WriteNumber("runs", _runs);
                json.WriteNumber("runs_without_end", _unclean);
                json.WriteNumber("streams", _streams);
                json.WriteNumber("events", _events);
                json.WriteNumber("verified", _verified);
                json.WriteNumber("missing", _missing);
                json.WriteNumber("altered_intervals", _altered);
                json.WriteNumber("twice", _twice);
            }).ConfigureAwait(false);
        }
        else
        {
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{(isSound ? "sound" : "NOT SOUND")}: {Reports.Count(_runs, "run")} ({_unclean} without an end), {Reports.Count(_streams, "stream")}, {Reports.Count(_events, "event")}, {_verified:N0} verified; {_missing:N0} missing, {Reports.Count(_altered, "altered interval")}, {_twice:N0} twice")).ConfigureAwait(false);
        }

        return isSound ? 0 : 1;
    }

    private static void Add(List<string> facts, long number, string what)
    {
        if (number > 0)
        {
            facts.Add($"{number.ToString("N0", CultureInfo.InvariantCulture)} {what}");
        }
    }

    private static void Ranges(Utf8JsonWriter json, string name, IReadOnlyList<SequenceRange> ranges)
    {
        json.WriteStartArray(name);
        foreach (SequenceRange range in ranges)
        {
            json.WriteStringValue(range.ToString());
        }

        json.WriteEndArray();
    }
}
