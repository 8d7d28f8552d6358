using ECapture.Storage;
using ECapture.Storage.Postgres;

namespace ECapture.Tests.Unit.Storage;

public sealed class PostgresErrorsTests
{
    // Found by make chaos: a sink ended when its connection was reset at a moment when Npgsql had disposed of its own wait handle.
    [Fact]
    public void Translate_ConnectionWasResetInsideNpgsql_IsTransient()
    {
        ObjectDisposedException reset = new("System.Threading.ManualResetEventSlim");

        Assert.True(PostgresErrors.Is(reset));
        Assert.True(PostgresErrors.Translate(reset, StoreAddress.Parse("postgres://user@host/database"), "writing").IsTransient);
    }
}
