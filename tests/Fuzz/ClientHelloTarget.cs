using ECapture.Protocols.Tls;

namespace ECapture.Fuzz;

/// <summary>ClientHellos with a server name, changed and cut.</summary>
public sealed class ClientHelloTarget : IFuzzTarget
{
    private static readonly byte[] s_hello = Frames.Join(
        [0x16, 3, 1, 0, 75, 1, 0, 0, 71, 3, 3], [.. Enumerable.Range(0, 32).Select(static i => (byte)i)], [0, 0, 2, 0x13, 1, 1, 0],
        [0, 28, 0, 10, 0, 4, 0, 2, 0, 29, 0, 0, 0, 16, 0, 14, 0, 0, 11], "one.example"u8.ToArray());

    public string Name => "client-hello";

    public (long Fed, long Kept) Run(Random random)
    {
        byte[] bytes = Mutator.Change(s_hello, random);
        bytes = bytes[..random.Next(bytes.Length + 1)];
        if (ClientHello.TryParse(bytes, out ClientHello hello) && (hello.Random.Length != 32 || hello.ServerName.Length > bytes.Length))
        {
            throw new InvalidOperationException($"a random of {hello.Random.Length} bytes, a name of {hello.ServerName.Length} in {bytes.Length}");
        }

        return (bytes.Length, 0);
    }
}
