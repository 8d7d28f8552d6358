using ECapture.Log;
using ECapture.Tests.Support.Kafka;

namespace ECapture.Tests.Integration.Log;

/// <summary>One real broker for the tests of a collection; those that kill it start their own.</summary>
public sealed class KafkaBrokerFixture : IAsyncLifetime
{
    private KafkaBroker? _broker;

    public LogAddress Address => LogAddress.Parse(_broker!.Address);

    public async ValueTask InitializeAsync() => _broker = await KafkaBroker.StartAsync();

    public ValueTask DisposeAsync() => _broker?.DisposeAsync() ?? ValueTask.CompletedTask;
}
