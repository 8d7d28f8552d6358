using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ECapture.Cli.Options;
using ECapture.Terminal.Delivery;
using ECapture.Terminal.ECaptureQ;

namespace ECapture.Cli.Commands;

/// <summary>Where a terminal command's output goes beside the terminal.</summary>
/// <param name="Log">Messages, and without <paramref name="Events"/> also what was captured; null: nowhere else.</param>
/// <param name="Events">What was captured; null: to <paramref name="Log"/>.</param>
/// <param name="Format">text, json or protobuf.</param>
/// <param name="Files">How files are put aside.</param>
/// <param name="Clients">The server for eCaptureQ; null: none.</param>
internal sealed record TerminalDestinations(
    TargetAddress? Log, TargetAddress? Events, string Format, RotatingFileOptions Files, QServerOptions? Clients)
{
    private const string TokenVariable = "ECAPTURE_ECAPTUREQ_TOKEN";

    /// <summary>Reads and checks the options.</summary>
    /// <exception cref="UsageException">One cannot be used.</exception>
    internal static TerminalDestinations Read(OptionReader options) => new(
        Address(options, TerminalOptions.LogAddress),
        Address(options, TerminalOptions.EventAddress),
        options.Choice(TerminalOptions.EventFormat, options.IsSet(TerminalOptions.Json) ? "json" : "text", "text", "json", "protobuf"),
        new RotatingFileOptions
        {
            RotateBytes = RotateBytes(options),
            RotateAfter = RotateAfter(options),
            Keep = (int)options.Number(TerminalOptions.RotateKeep, 0, 0, 1_000_000),
            Compress = options.IsSet(TerminalOptions.RotateGzip),
        },
        ReadClients(options));

    /// <summary>Size at which files are put aside; 0: never.</summary>
    internal static long RotateBytes(OptionReader options) => options.Number(TerminalOptions.RotateSize, 0, 0, 1 << 20) << 20;

    /// <summary>Age at which files are put aside; zero: never.</summary>
    internal static TimeSpan RotateAfter(OptionReader options) => TimeSpan.FromSeconds(options.Number(TerminalOptions.RotateTime, 0, 0, 366 * 86_400));

    private static TargetAddress? Address(OptionReader options, System.CommandLine.Option<string?> option)
    {
        try
        {
            return options.Find(option) is { } text ? TargetAddress.Parse(text) : null;
        }
        catch (FormatException e)
        {
            throw new UsageException($"{option.Name}: {e.Message}");
        }
    }

    private static QServerOptions? ReadClients(OptionReader options)
    {
        if (options.Find(TerminalOptions.ECaptureQ) is not { } text)
        {
            return null;
        }

        try
        {
            QServerOptions clients = new()
            {
                Address = Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && address.Host.Length > 0
                    ? address
                    : throw new FormatException($"'{text}' is no address for clients of eCaptureQ: ws://127.0.0.1:28257/ or wss://host:port/"),
                Certificate = ReadCertificate(options),
                Token = Environment.GetEnvironmentVariable(TokenVariable) is { Length: > 0 } token ? token : null,
            };
            clients.Check();
            return clients;
        }
        catch (FormatException e)
        {
            throw new UsageException($"{TerminalOptions.ECaptureQ.Name}: {e.Message}");
        }
    }

    private static X509Certificate2? ReadCertificate(OptionReader options)
    {
        if (options.Find(TerminalOptions.ECaptureQCertificate) is not { } file)
        {
            return null;
        }

        try
        {
            return X509Certificate2.CreateFromPemFile(file, options.Find(TerminalOptions.ECaptureQKey));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new FormatException($"cannot use certificate {file} with key {options.Find(TerminalOptions.ECaptureQKey) ?? "(none given)"}: {e.Message}", e);
        }
    }
}
