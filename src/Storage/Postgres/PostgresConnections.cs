using Npgsql;

namespace ECapture.Storage.Postgres;

/// <summary>Makes connections to a PostgreSQL store.</summary>
public static class PostgresConnections
{
    /// <summary>A pool of connections to the address's database. Sessions work in UTC.</summary>
    /// <exception cref="FormatException">An option has no valid value.</exception>
    /// <exception cref="StoreException">The password file cannot be read.</exception>
    public static NpgsqlDataSource CreateDataSource(StoreAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        NpgsqlConnectionStringBuilder settings = new()
        {
            Host = address.Host,
            Port = address.Port,
            Username = address.User,
            Database = address.Database,
            ApplicationName = "ecapture",
            Timezone = "UTC",
            Timeout = 15,
            CommandTimeout = (int)address.Timeout.TotalSeconds,
            KeepAlive = 30,
            ReadBufferSize = 64 << 10, // rows hold a frame each
            IncludeErrorDetail = false, // details hold values of rows
        };
        string password = address.ReadPassword();
        if (password.Length > 0)
        {
            settings.Password = password;
        }

        if (address.SslMode is not null)
        {
            settings.SslMode = Mode(address, address.SslMode);
        }

        if (address.SslRootCertificate is not null)
        {
            settings.RootCertificate = address.SslRootCertificate;
        }

        return new NpgsqlDataSourceBuilder(settings.ConnectionString).Build();
    }

    private static SslMode Mode(StoreAddress address, string name) => name switch
    {
        "disable" => SslMode.Disable,
        "allow" => SslMode.Allow,
        "prefer" => SslMode.Prefer,
        "require" => SslMode.Require,
        "verify-ca" => SslMode.VerifyCA,
        "verify-full" => SslMode.VerifyFull,
        _ => throw new FormatException(
            $"'{address}': sslmode is disable, allow, prefer, require, verify-ca or verify-full, not '{name}'"),
    };
}
