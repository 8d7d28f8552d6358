using System.Security.Cryptography;
using Output = ECapture.Events.EventEncoderOutput;

namespace ECapture.Events;

/// <summary>
/// Shortens an encoded event: its main bytes are cut, and <c>Truncation</c> says so. All its other bytes stay, also those of fields that this version does not
/// know. The same event and the same length give the same bytes.
/// </summary>
public static class EventCut
{
    /// <summary>Most bytes by which the result can be longer than the event: its <c>Truncation</c>.</summary>
    public const int Room = 96;

    private const int TruncationField = V1.Event.TruncationFieldNumber;

    /// <summary>Writes a shortened event.</summary>
    /// <param name="encoded">The event.</param>
    /// <param name="fields">What <see cref="EventReader"/> found in it.</param>
    /// <param name="keep">Bytes of the main bytes that stay; less than there are.</param>
    /// <param name="destination">At least <see cref="Room"/> bytes longer than the event.</param>
    /// <returns>Bytes written.</returns>
    public static int Write(ReadOnlySpan<byte> encoded, in EventFields fields, int keep, Span<byte> destination)
    {
        ByteRange main = fields.Payload.Main;
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(keep, main.Length);
        Output output = new(destination);
        bool isSaid = false;
        WireScanner scanner = new(encoded);
        for (int start = 0; scanner.TryTag(out uint tag); start = scanner.At)
        {
            int number = (int)(tag >> 3);
            int value = scanner.At;
            scanner.Skip(tag);
            ReadOnlySpan<byte> field = encoded[start..scanner.At];
            if (number == TruncationField)
            {
                continue; // written again, whole
            }

            if (number > TruncationField && !isSaid)
            {
                isSaid = true;
                WriteTruncation(ref output, encoded, main);
            }

            if ((tag & 7) == Output.LengthDelimited && main.Start >= value && main.Start + main.Length <= scanner.At)
            {
                WritePayload(ref output, encoded, number, value, main, keep);
            }
            else
            {
                output.Raw(field);
            }
        }

        return output.Length;
    }

    /// <summary>True when an event says that it was shortened after it was appended: its bytes are not those of the log.</summary>
    /// <param name="encoded">Any bytes.</param>
    public static bool IsCut(ReadOnlySpan<byte> encoded)
    {
        ulong logged = 0;
        WireScanner scanner = new(encoded);
        while (scanner.TryTag(out uint tag))
        {
            if (tag == ((TruncationField << 3) | Output.LengthDelimited))
            {
                logged = Logged(scanner.ReadBytes().Of(encoded), logged);
            }
            else
            {
                scanner.Skip(tag);
            }
        }

        return logged != 0 && !scanner.HasFailed;
    }

    private static ulong Logged(ReadOnlySpan<byte> truncation, ulong logged)
    {
        WireScanner scanner = new(truncation);
        while (scanner.TryTag(out uint tag))
        {
            if (tag == (V1.Truncation.LoggedFieldNumber << 3))
            {
                logged = scanner.ReadVarint();
            }
            else
            {
                scanner.Skip(tag);
            }
        }

        return scanner.HasFailed ? 0 : logged;
    }

    private static void WriteTruncation(ref Output output, ReadOnlySpan<byte> encoded, ByteRange main)
    {
        // What the agent said, if it cut too: of what it received it knows more than stands here.
        int said = 0;
        WireScanner sizes = new(encoded);
        while (sizes.TryTag(out uint tag))
        {
            said += tag == ((TruncationField << 3) | Output.LengthDelimited) ? sizes.ReadBytes().Length : Skip(ref sizes, tag);
        }

        int own = said > 0 ? 0 : Output.NumberSize(1, (ulong)main.Length) + Output.BytesSize(2, SHA256.HashSizeInBytes);
        output.Message(TruncationField, said + own + Output.NumberSize(4, (ulong)main.Length));
        if (said > 0)
        {
            WireScanner scanner = new(encoded);
            while (scanner.TryTag(out uint tag))
            {
                if (tag == ((TruncationField << 3) | Output.LengthDelimited))
                {
                    output.Raw(scanner.ReadBytes().Of(encoded));
                }
                else
                {
                    scanner.Skip(tag);
                }
            }
        }
        else
        {
            Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData(main.Of(encoded), digest);
            output.Number(1, (ulong)main.Length);
            output.Bytes(2, digest);
        }

        output.Number(4, (ulong)main.Length);
    }

    private static int Skip(ref WireScanner scanner, uint tag)
    {
        scanner.Skip(tag);
        return 0;
    }

    // The payload without the end of its main bytes.
    private static void WritePayload(ref Output output, ReadOnlySpan<byte> encoded, int number, int lengthAt, ByteRange main, int keep)
    {
        WireScanner outer = new(encoded[lengthAt..]);
        ByteRange body = outer.ReadBytes();
        int bodyAt = lengthAt + body.Start;
        ReadOnlySpan<byte> payload = encoded.Slice(bodyAt, body.Length);

        WireScanner scanner = new(payload);
        int before = 0;
        int field = 0;
        for (int start = 0; scanner.TryTag(out uint tag); start = scanner.At)
        {
            scanner.Skip(tag);
            if (scanner.At == main.Start + main.Length - bodyAt)
            {
                (before, field) = (start, (int)(tag >> 3));
                break;
            }
        }

        ReadOnlySpan<byte> after = encoded[(main.Start + main.Length)..(bodyAt + body.Length)];
        output.Message(number, before + Output.BytesSize(field, keep) + after.Length);
        output.Raw(payload[..before]);
        output.Bytes(field, main.Of(encoded)[..keep]);
        output.Raw(after);
    }
}
