using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Policies.Redaction;
using Google.Protobuf;

namespace ECapture.Capture.Publishing;

/// <content>What of a payload is written: redacted, and cut.</content>
internal sealed partial class EventPublisher
{
    private TlsRedaction Hold(PublishedTopic topic) => topic.Held = new TlsRedaction(
        topic.Redactor!, (in HeldPiece piece, ReadOnlySpan<byte> data, int at) => AppendTlsData(topic, piece, data, at));

    // What the topic's redactor found last is overwritten; the data stand at the given place of its text.
    private void AppendTlsData(PublishedTopic topic, in HeldPiece piece, ReadOnlySpan<byte> data, int at)
    {
        EventHeader header = piece.Header; // the envelope refers to it
        EventEnvelope envelope = Envelope(header);
        RedactionTally tally = default;
        topic.Redactor?.Count(at, data.Length, ref tally);
        envelope.Redaction = topic.Redactor is { } redactor ? redactor.Encode(tally) : [];
        data = data[.._cut.Of(data, header.OriginalLength, topic.Keep, tally.Count > 0, ref envelope)];
        int payloadSize = EventEncoder.TlsDataSize(piece.Direction, piece.Library, piece.Offset, data.Length);
        Span<byte> rest = Begin(topic.Stream, header, envelope, payloadSize);
        if (!rest.IsEmpty)
        {
            EventEncoder.WriteTlsData(rest[^payloadSize..], piece.Direction, piece.Library, piece.Offset, data);
            if (tally.Count > 0)
            {
                CountRedacted(topic, tally);
                topic.Redactor!.Overwrite(rest[^data.Length..], at); // the data are the payload's last field
            }
        }
    }

    // Redacts and cuts. The digest of what is cut is of what was received.
    private void Prepare(PublishedTopic topic, Event payload, ulong originalLength, ref EventEnvelope envelope)
    {
        ByteString? received = MainBytes(payload);
        RedactionTally tally = default;
        if (topic.Redactor is { } redactor)
        {
            tally = _redaction.Apply(payload, redactor);
            envelope.Redaction = redactor.Encode(tally);
            if (tally.Count > 0)
            {
                CountRedacted(topic, tally);
            }
        }

        if (received is null)
        {
            envelope.IsCut = originalLength > 0;
            envelope.CutFrom = originalLength;
            return;
        }

        int kept = _cut.Of(received.Span, originalLength, topic.Keep, tally.Count > 0, ref envelope);
        if (kept < received.Length)
        {
            SetMainBytes(payload, ByteString.CopyFrom(MainBytes(payload)!.Span[..kept]));
        }
    }

    private static void CountRedacted(PublishedTopic topic, RedactionTally tally) =>
        CaptureMetrics.Redacted.Add(tally.Count, new KeyValuePair<string, object?>("topic", topic.Stream.Target.Topic));

    private static ByteString? MainBytes(Event payload) => payload.PayloadCase switch
    {
        Event.PayloadOneofCase.ShellCommand => payload.ShellCommand.Text,
        Event.PayloadOneofCase.SqlStatement => payload.SqlStatement.Statement,
        _ => null,
    };

    private static void SetMainBytes(Event payload, ByteString bytes)
    {
        if (payload.PayloadCase == Event.PayloadOneofCase.ShellCommand)
        {
            payload.ShellCommand.Text = bytes;
        }
        else
        {
            payload.SqlStatement.Statement = bytes;
        }
    }
}
