using ECapture.Storage;
using ECapture.Storage.Postgres;
using Npgsql;

namespace ECapture.Tests.Unit.Storage;

public sealed class PostgresErrorsTests
{
    private static readonly StoreAddress s_address = StoreAddress.Parse("postgres://user@host/database");

    // Found by make chaos: a sink ended when its connection was reset at a moment when Npgsql had disposed of its own wait handle.
    [Fact]
    public void Translate_ConnectionWasResetInsideNpgsql_IsTransient()
    {
        ObjectDisposedException reset = new("System.Threading.ManualResetEventSlim");

        Assert.True(PostgresErrors.Is(reset));
        Assert.True(PostgresErrors.Translate(reset, s_address, "writing").IsTransient);
    }

    // Found by make chaos: "could not write init file" refuses a session while the server's disk is full. In a session that goes on, an internal error is the statement's.
    [Theory]
    [InlineData("XX000", "FATAL", true)]
    [InlineData("XX000", "ERROR", false)]
    [InlineData("28P01", "FATAL", false)]
    [InlineData("53100", "ERROR", true)]
    [InlineData("57P03", "FATAL", true)]
    public void Translate_ServerRefused_IsTransientWhenWaitingHelps(string state, string severity, bool isTransient)
    {
        PostgresException refused = new("could not write init file", severity, severity, state);

        Assert.Equal(isTransient, PostgresErrors.Translate(refused, s_address, "writing").IsTransient);
    }
}
