using ECapture.Pcapng;

namespace ECapture.Terminal.Pcap;

/// <summary>One pcapng file that stands alone: a section header, its interfaces, the keys of its packets in front of them, packets. In whole blocks.</summary>
internal sealed class PcapPart : IDisposable
{
    private readonly Stream _stream;
    private readonly PcapngWriter _writer;
    private readonly TlsKeyLog _keys;

    internal PcapPart(Stream stream, IEnumerable<PcapngInterface> interfaces)
    {
        _stream = stream;
        _writer = new PcapngWriter(stream);
        _keys = new TlsKeyLog(_writer);
        _writer.WriteSectionHeader(application: "ecapture " + typeof(PcapPart).Assembly.GetName().Version?.ToString(3));
        foreach (PcapngInterface each in interfaces)
        {
            _writer.WriteInterface(each);
        }
    }

    /// <summary>Bytes written.</summary>
    internal long Bytes => _writer.BytesWritten;

    /// <summary>Adds an interface.</summary>
    /// <returns>Its number.</returns>
    internal int Add(PcapngInterface @interface) => _writer.WriteInterface(@interface);

    /// <summary>Adds a secret, in front of every packet that is written from now on.</summary>
    /// <returns>False when it is there already.</returns>
    internal bool AddSecret(string label, byte[] random, byte[] secret) => _keys.Add(label, random, secret);

    /// <summary>Writes a packet.</summary>
    internal void Write(in HeldPacket packet, byte[] options)
    {
        _keys.WriteBlock();
        _writer.WritePacket(packet.Interface, packet.WallNs, packet.Frame.AsSpan(0, packet.Length), packet.OriginalLength, options);
        if (_writer.ShouldFlush)
        {
            Flush();
        }
    }

    /// <summary>Hands whole blocks to the kernel: who reads the file now sees all of them.</summary>
    internal void Flush()
    {
        _keys.WriteBlock();
        _writer.Flush();
        _stream.Flush();
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();
}
