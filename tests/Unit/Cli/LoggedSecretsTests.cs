using ECapture.Cli.Commands.Keys;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Log;
using ECapture.Log.Local;
using Google.Protobuf;

namespace ECapture.Tests.Unit.Cli;

public sealed class LoggedSecretsTests : IDisposable
{
    private const string Old = "1111111111111111";
    private const string Current = "2222222222222222";
    private const string Escrow = "3333333333333333";

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("ecapture-secrets-");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public async Task Count_SecretsThatNoOtherKeyOpens_AreThose()
    {
        await using (LocalLogWriter writer = LocalLog.OpenWriter(_root.FullName, new LocalLogOptions()))
        {
            TopicPartition secret = new(Topics.Secret, 0);
            await writer.AppendAsync(
                [Entry(secret, Old), Entry(secret, $"{Old},{Escrow}"), Entry(secret, Current), new LogEntry(secret, default, new byte[] { 0xff }), Entry(secret, Old)], Cancel);
            await writer.AppendAsync([Entry(new TopicPartition(Topics.Tls, 0), Old)], Cancel); // another topic's records are not looked at
        }

        Assert.Equal(2, await CountAsync(Old, Current, Escrow));
        Assert.Equal(3, await CountAsync(Old, Current));
        Assert.Equal(1, await CountAsync(Current, Old));
        Assert.Equal(0, await CountAsync(Escrow, Old));
    }

    [Fact]
    public async Task Count_NoLogYet_None()
    {
        Assert.Equal(0, await CountAsync(Old));
        _root.Delete();
        Assert.Equal(0, await CountAsync(Old));
        _root.Create();
    }

    private Task<long> CountAsync(string id, params string[] others) =>
        LoggedSecrets.CountAsync(LogAddress.Parse("sqlite:" + _root.FullName), id, others.ToHashSet(), Cancel);

    private static LogEntry Entry(TopicPartition partition, string recipients) => new(
        partition, default, new Event { TlsSecret = new TlsSecret { Label = "CLIENT_RANDOM", Sealed = new SealedSecret { Recipients = recipients } } }.ToByteArray());
}
