namespace ECapture.Protocols.Http.Streams;

/// <summary>Drops a direction that is not read: not HTTP, or a tunnel.</summary>
internal sealed class Opaque : StreamHandler
{
    public static Opaque Instance { get; } = new();

    public override int Feed(ReadOnlySpan<byte> bytes, long offset, long ns) => bytes.Length;

    public override void Gap(long length, long ns)
    {
        // Nothing is read here, so nothing is lost.
    }

    public override void End(long ns)
    {
        // Nothing is open here.
    }
}
