using System.Security.Cryptography;
using ECapture.Capture.Modules.Tls.Earlier;
using ECapture.Protocols.Tls;

namespace ECapture.Tests.Unit.Capture.Tls.Earlier;

public sealed class GoSecretTrialTests : IDisposable
{
    private const int IsClientAt = 16;
    private const int FunctionAt = 216;
    private const int SentNumberAt = 552;
    private const int SentSecretAt = 608;

    private static readonly RecordSuite s_tls13 = RecordSuite.Find(0x1301)!;
    private static readonly RecordSuite s_tls12 = RecordSuite.Find(0xC02F)!;

    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(32);
    private readonly byte[] _made = RandomNumberGenerator.GetBytes(32);
    private readonly List<MadeObject> _pieces = [];

    public void Dispose() => _pieces.ForEach(p => p.Dispose());

    [Theory]
    [InlineData(true, 0, "CLIENT_TRAFFIC_SECRET_0")]
    [InlineData(false, 0, "SERVER_TRAFFIC_SECRET_0")]
    [InlineData(true, 7_000_000, "CLIENT_TRAFFIC_SECRET_0")]
    public void Prove_RecordOfTls13_SecretAndNumberUnderTheMadeRandom(bool isClient, ulong number, string label)
    {
        MadeObject connection = Connection(isClient).WithNumber(SentNumberAt, number + 2);
        Put(connection, SentSecretAt, _secret);
        using RecordKeys keys = RecordKeys.FromTrafficSecret(s_tls13, _secret);

        ProvedSecret? proved = Prove(connection, keys.Seal(number, 23, "GET"u8));

        Assert.Equal((label, number, isClient, true), (proved?.Label, proved?.Number ?? 1, proved?.IsClients ?? !isClient, proved?.IsRandomMade ?? false));
        Assert.Equal([.. _secret, .. _made], (byte[])[.. proved!.Secret, .. proved.ClientRandom]);
    }

    [Fact]
    public void Prove_RecordOfTls12_MasterSecretAndRandomsOfTheExporter()
    {
        byte[] master = RandomNumberGenerator.GetBytes(48);
        byte[] client = RandomNumberGenerator.GetBytes(32);
        byte[] server = RandomNumberGenerator.GetBytes(32);
        MadeObject function = New();
        Put(function, 16, server);
        Put(function, 40, master);
        Put(function, 64, client);
        MadeObject connection = Connection(isClient: false).With(FunctionAt, BitConverter.GetBytes(function.Address));
        using RecordKeys keys = RecordKeys.FromMasterSecret(s_tls12, master, client, server, ofClient: false);

        ProvedSecret? proved = Prove(connection, keys.Seal(3, 23, "answer"u8));

        Assert.Equal(("CLIENT_RANDOM", 3ul, false, false), (proved?.Label, proved?.Number ?? 0, proved?.IsClients ?? true, proved?.IsRandomMade ?? true));
        Assert.Equal([.. master, .. client, .. server], (byte[])[.. proved!.Secret, .. proved.ClientRandom, .. proved.ServerRandom]);
    }

    [Fact]
    public void Prove_SecretOfAnotherConnectionOrNoConnectionAnyMore_Nothing()
    {
        byte[] other = [.. _secret];
        other[31] ^= 1;
        MadeObject connection = Connection(isClient: true);
        Put(connection, SentSecretAt, other);
        using RecordKeys keys = RecordKeys.FromTrafficSecret(s_tls13, _secret);
        byte[] record = keys.Seal(0, 23, "GET"u8);

        Assert.Null(Prove(connection, record));
        Put(connection, SentSecretAt, _secret);
        Assert.NotNull(Prove(connection, record));
        Assert.Null(Prove(connection.With(IsClientAt, [2]), record)); // no bool: its memory is another's by now
        Assert.Null(new GoSecretTrial(Environment.ProcessId, 0x1000, TestContext.Current.CancellationToken).Prove(Sample(record), _made));
    }

    private static RecordSample Sample(byte[] record)
    {
        RecordWalk walk = new();
        walk.Feed(1000, record);
        return RecordSample.Of(walk, isSent: true)!;
    }

    private ProvedSecret? Prove(MadeObject connection, byte[] record) =>
        new GoSecretTrial(Environment.ProcessId, connection.Address, TestContext.Current.CancellationToken).Prove(Sample(record), _made);

    private MadeObject Connection(bool isClient) => New().With(IsClientAt, [isClient ? (byte)1 : (byte)0]);

    // A slice: address, length, capacity.
    private void Put(MadeObject at, int offset, byte[] content)
    {
        ulong address = New().With(0x100, content).Address + 0x100;
        at.With(offset, [.. BitConverter.GetBytes(address), .. BitConverter.GetBytes((ulong)content.Length), .. BitConverter.GetBytes((ulong)content.Length)]);
    }

    private MadeObject New()
    {
        MadeObject made = new();
        _pieces.Add(made);
        return made;
    }
}
