using System.Security.Cryptography;
using ECapture.Capture.Modules.Tls.Earlier;
using ECapture.Protocols.Tls;

namespace ECapture.Tests.Unit.Capture.Tls.Earlier;

public sealed class SecretTrialTests
{
    private const int RandomAt = 0x160;
    private const int ClientAt = 0x5a4;
    private const int ServerAt = 0x5e4;
    private const int MasterAt = 0x50; // of the session
    private const int NumberAt = 0x900;

    private static readonly RecordSuite s_tls13 = RecordSuite.Find(0x1302)!;
    private static readonly RecordSuite s_tls12 = RecordSuite.Find(0xC02F)!;

    private readonly byte[] _random = RandomNumberGenerator.GetBytes(32);
    private readonly byte[] _serverRandom = RandomNumberGenerator.GetBytes(32);
    private readonly byte[] _client = RandomNumberGenerator.GetBytes(48);
    private readonly byte[] _server = RandomNumberGenerator.GetBytes(48);
    private readonly SecretLayout _layout = new();

    public SecretTrialTests()
    {
        byte[] random = RandomNumberGenerator.GetBytes(32);
        byte[][] secrets = [.. Enumerable.Range(0, 3).Select(_ => RandomNumberGenerator.GetBytes(48))];
        using MadeObject newer = new MadeObject().With(RandomAt, random).With(ClientAt, secrets[0]).With(ServerAt, secrets[1]).InSession(MasterAt, secrets[2]);
        ObjectMemory memory = Read(newer);
        Assert.True(_layout.Learn(memory, SecretField.ClientTraffic, secrets[0], random));
        Assert.True(_layout.Learn(memory, SecretField.ServerTraffic, secrets[1], random));
        Assert.True(_layout.Learn(memory, SecretField.MasterSecret, secrets[2], random));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4000)]
    public void Prove_RecordsOfBothDirections_SecretsAndNumbers(ulong number)
    {
        using MadeObject older = Older();

        ProvedSecret? sent = Trial(older).Prove(Sample(isSent: true, _client, number));
        ProvedSecret? received = Trial(older).Prove(Sample(isSent: false, _server, number), ofClient: false);

        Assert.Equal(("CLIENT_TRAFFIC_SECRET_0", number, true, (ushort)0x1302), (sent?.Label, sent?.Number ?? 0, sent?.IsClients ?? false, sent?.Suite.Id ?? 0));
        Assert.Equal([.. _client, .. _random], (byte[])[.. sent!.Secret, .. sent.ClientRandom]);
        Assert.Equal(("SERVER_TRAFFIC_SECRET_0", number, false), (received?.Label, received?.Number ?? 0, received?.IsClients ?? true));
        Assert.Equal(_server, received!.Secret);
    }

    [Fact]
    public void Prove_MasterSecretInTheSession_WithTheServersRandomBesideTheClients()
    {
        using MadeObject older = new MadeObject().With(RandomAt, _random).With(RandomAt - 32, _serverRandom).InSession(MasterAt, _client);
        using RecordKeys keys = RecordKeys.FromMasterSecret(s_tls12, _client, _random, _serverRandom, ofClient: false);

        ProvedSecret? proved = Trial(older).Prove(Sample(isSent: true, keys.Seal(9, 23, "answer"u8)));

        Assert.Equal(("CLIENT_RANDOM", 9ul, false), (proved?.Label, proved?.Number ?? 0, proved?.IsClients ?? true));
        Assert.Equal([.. _client, .. _serverRandom], (byte[])[.. proved!.Secret, .. proved.ServerRandom]);
    }

    [Fact]
    public void Prove_SecretOfAnotherConnection_Nothing()
    {
        using MadeObject older = Older();
        byte[] other = [.. _client];
        other[47] ^= 1;

        Assert.Null(Trial(older).Prove(Sample(isSent: true, other, 3)));
        Assert.Null(Trial(older).Prove(Sample(isSent: true, _client, 3), ofClient: false));
    }

    [Fact]
    public void Prove_ManyRecordsBefore_NumberFoundInTheObjectThenWhereItWasLearned()
    {
        const ulong Many = 5_000_000;
        using MadeObject older = Older().WithNumber(NumberAt, Many + 3);
        Assert.Null(Trial(older, isThorough: false).Prove(Sample(isSent: true, _client, Many)));

        Assert.Equal(Many, Trial(older, isThorough: true).Prove(Sample(isSent: true, _client, Many))?.Number);

        using MadeObject next = Older().WithNumber(NumberAt, (2 * Many) + 500);
        Assert.Equal(2 * Many, Trial(next, isThorough: false).Prove(Sample(isSent: true, _client, 2 * Many))?.Number);
    }

    [Fact]
    public void Learn_ObjectWithoutTheSecret_LearnsNothing()
    {
        using MadeObject empty = new MadeObject().With(RandomAt, _random);
        SecretLayout layout = new();

        Assert.False(layout.Learn(Read(empty), SecretField.ClientTraffic, _client, _random));
        Assert.False(layout.IsUseful);
    }

    [Fact]
    public void Learn_CopiesThatOtherConnectionsDoNotHave_AreDropped()
    {
        SecretLayout layout = new();
        for (int i = 0; i < 3; i++)
        {
            byte[] random = RandomNumberGenerator.GetBytes(32);
            byte[] secret = RandomNumberGenerator.GetBytes(48);
            using MadeObject newer = new MadeObject().With(RandomAt, random).With(ClientAt, secret).With(0xA00 + (i * 64), secret);
            Assert.False(layout.IsSettled(SecretField.ClientTraffic));
            Assert.True(layout.Learn(Read(newer), SecretField.ClientTraffic, secret, random));
        }

        Assert.True(layout.IsSettled(SecretField.ClientTraffic));
        Assert.Equal("conn+0x5a4", Assert.Single(layout.Places(SecretField.ClientTraffic)).ToString());
    }

    [Fact]
    public void Read_NoSuchMemoryOrProcess_Nothing()
    {
        using MadeObject older = Older();

        Assert.Null(ObjectMemory.Read(Environment.ProcessId, 0x1000));
        Assert.Null(ObjectMemory.Read(int.MaxValue, older.Address));
    }

    [Fact]
    public void Find_ObjectsThatPointIntoTheirLibrary_AreFoundThoseThatPointWhereOthersDidFirst()
    {
        string library = File.ReadLines("/proc/self/maps").Select(l => l[(l.IndexOf('/', StringComparison.Ordinal) is >= 0 and int at ? at : l.Length)..])
            .First(p => Path.GetFileName(p).StartsWith("libc.so", StringComparison.Ordinal));
        Assert.True(ECapture.Capture.FileIdentity.TryRead(library, out ECapture.Capture.FileIdentity identity));
        Assert.True(MappedFile.TryFind(Environment.ProcessId, identity, out ulong start, out ulong end));
        using MadeObject first = new();
        using MadeObject second = new();
        (MadeObject elsewhere, MadeObject one) = first.Address < second.Address ? (first, second) : (second, first); // it is the lower one that is met first
        one.With(8, BitConverter.GetBytes(start + 64)).With(0x70, BitConverter.GetBytes(end - 64));
        elsewhere.With(8, BitConverter.GetBytes(start + 64)).With(0x70, BitConverter.GetBytes(end - 128));
        using MadeObject other = new MadeObject().With(8, BitConverter.GetBytes(start + 64)).With(0x70, BitConverter.GetBytes(end));
        SecretLayout layout = new();
        layout.LearnMarks(ObjectSearch.Marks(Read(one).Content, start, end));

        List<ulong> found = ObjectSearch.Find(Environment.ProcessId, identity, layout.Marks, TestContext.Current.CancellationToken);

        Assert.Equal([8, 0x70], layout.Marks.Keys.Order());
        Assert.Contains(one.Address, found);
        Assert.True(found.IndexOf(elsewhere.Address) > found.IndexOf(one.Address), string.Join(", ", found));
        Assert.DoesNotContain(other.Address, found);
    }

    private static ObjectMemory Read(MadeObject made) => ObjectMemory.Read(Environment.ProcessId, made.Address)!;

    private MadeObject Older() => new MadeObject().With(RandomAt, _random).With(ClientAt, _client).With(ServerAt, _server);

    private SecretTrial Trial(MadeObject older, bool isThorough = true) => new(_layout, Read(older), isThorough, TestContext.Current.CancellationToken);

    private static RecordSample Sample(bool isSent, byte[] secret, ulong number)
    {
        using RecordKeys keys = RecordKeys.FromTrafficSecret(s_tls13, secret);
        return Sample(isSent, keys.Seal(number, 23, "GET / HTTP/1.1"u8));
    }

    private static RecordSample Sample(bool isSent, byte[] record)
    {
        RecordWalk walk = new();
        walk.Feed(1000, record);
        return RecordSample.Of(walk, isSent)!;
    }
}
