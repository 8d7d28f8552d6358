using System.Buffers;
using ECapture.Capture.Publishing;
using ECapture.Events.V1;

namespace ECapture.Capture.Filters;

/// <summary>An event that waits until it is known whose its flow is: a payload, or a frame.</summary>
internal readonly record struct HeldEvent(string Topic, EventHeader Header, Event? Payload)
{
    /// <summary>A frame: rented from the shared pool.</summary>
    internal byte[] Frame { get; init; } = [];

    /// <summary>Bytes of <see cref="Frame"/> that count.</summary>
    internal int Length { get; init; }

    internal FrameFacts Facts { get; init; }

    /// <summary>Gives the frame back.</summary>
    internal void Free()
    {
        if (Frame.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(Frame);
        }
    }
}
