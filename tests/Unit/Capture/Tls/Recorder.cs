using ECapture.Capture.Bpf;
using ECapture.Capture.Modules;
using ECapture.Capture.Publishing;
using ECapture.Events.V1;

namespace ECapture.Tests.Unit.Capture.Tls;

/// <summary>Keeps what a module publishes and counts as lost.</summary>
internal sealed class Recorder : IEventPublisher, ILossAccount
{
    public List<(EventHeader Header, Event Event)> Published { get; } = [];

    public List<(EventHeader Header, ulong Offset, byte[] Data)> Data { get; } = [];

    public List<string> Losses { get; } = [];

    public void Publish(string topic, in EventHeader header, Event payload) => Published.Add((header, payload));

    public void PublishTlsData(
        string topic, in EventHeader header, Direction direction, string library, ulong offset, ReadOnlySpan<byte> data) =>
        Data.Add((header, offset, data.ToArray()));

    public void PublishPacket(
        in EventHeader header, Direction direction, string @interface, uint interfaceIndex, uint linkType, uint originalLength,
        ReadOnlySpan<byte> data) => throw new NotSupportedException();

    public void Watch(string module, BpfObject obj) => throw new NotSupportedException();

    public void Count(string where, string why, ulong records = 1) => Losses.Add(why);
}
