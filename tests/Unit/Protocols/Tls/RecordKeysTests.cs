using System.Security.Cryptography;
using ECapture.Protocols.Tls;

namespace ECapture.Tests.Unit.Protocols.Tls;

public sealed class RecordKeysTests
{
    // RFC 8448, section 3: the client's first record of application data.
    private const string Secret = "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5";
    private const string Record =
        "1703030043a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66bcab3f2b9819a8a5b46b395bd54a9a20441e2b62974e1f5a6292a2977014bd1e3deae63aeebb21694915e4";

    public static TheoryData<int> Suites => [.. RecordSuite.Tls13.Concat(RecordSuite.Tls12).Select(s => (int)s.Id)];

    [Fact]
    public void Open_RecordOfTheSpecification_ItsPlaintext()
    {
        using RecordKeys keys = RecordKeys.FromTrafficSecret(RecordSuite.Find(0x1301)!, Convert.FromHexString(Secret));
        byte[] plaintext = new byte[128];

        int length = keys.Open(Convert.FromHexString(Record), 0, plaintext);

        Assert.Equal([.. Enumerable.Range(0, 50).Select(i => (byte)i), 23], plaintext[..length]);
        Assert.Equal(-1, keys.Open(Convert.FromHexString(Record), 1, plaintext));
    }

    [Fact]
    public void Seal_PlaintextOfTheSpecification_ItsRecord()
    {
        using RecordKeys keys = RecordKeys.FromTrafficSecret(RecordSuite.Find(0x1301)!, Convert.FromHexString(Secret));

        byte[] record = keys.Seal(0, 23, [.. Enumerable.Range(0, 50).Select(i => (byte)i)]);

        Assert.Equal(Record, Convert.ToHexStringLower(record));
    }

    [Theory]
    [MemberData(nameof(Suites))]
    public void Open_WhatWasSealed_OnlyWithItsNumberKeysAndBytes(int id)
    {
        RecordSuite suite = RecordSuite.Find((uint)id)!;
        byte[] secret = RandomNumberGenerator.GetBytes(48);
        byte[] randoms = RandomNumberGenerator.GetBytes(64);
        using RecordKeys client = Keys(suite, secret, randoms, ofClient: true);
        using RecordKeys server = Keys(suite, secret, randoms, ofClient: false);
        byte[] record = client.Seal(70_000, 23, "GET / HTTP/1.1"u8);
        byte[] plaintext = new byte[record.Length];

        int length = client.Open(record, 70_000, plaintext);

        Assert.StartsWith("GET / HTTP/1.1", System.Text.Encoding.ASCII.GetString(plaintext, 0, length), StringComparison.Ordinal);
        Assert.Equal(-1, client.Open(record, 70_001, plaintext));
        Assert.Equal(-1, server.Open(record, 70_000, plaintext));
        Assert.Equal(-1, client.Open(record.AsSpan(0, 20), 70_000, plaintext));
        record[^20] ^= 1;
        Assert.Equal(-1, client.Open(record, 70_000, plaintext));
    }

    private static RecordKeys Keys(RecordSuite suite, byte[] secret, byte[] randoms, bool ofClient) => suite.IsTls13
        ? RecordKeys.FromTrafficSecret(suite, HKDF.Extract(suite.Hash, secret, [ofClient ? (byte)1 : (byte)2]))
        : RecordKeys.FromMasterSecret(suite, secret, randoms.AsSpan(0, 32), randoms.AsSpan(32), ofClient);
}
