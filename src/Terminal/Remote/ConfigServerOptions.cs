using System.Net;

namespace ECapture.Terminal.Remote;

/// <summary>Where the configuration is changed from, and who may.</summary>
internal sealed record ConfigServerOptions
{
    /// <summary>A loopback address; port 0: a free one.</summary>
    internal required IPEndPoint Address { get; init; }

    /// <summary>Shown as <c>Authorization: Bearer</c>; null: none is asked for.</summary>
    internal string? Token { get; init; }

    /// <summary>Requests of one second; more are refused. Default 100.</summary>
    internal int MostRequests { get; init; } = 100;

    /// <summary>Reads <c>localhost:28256</c>.</summary>
    /// <exception cref="FormatException">It is none, or other machines reach it, or nobody is asked who he is.</exception>
    internal static ConfigServerOptions Parse(string text, string? token, bool isOpen)
    {
        string named = text.StartsWith("localhost:", StringComparison.Ordinal) ? "127.0.0.1" + text["localhost".Length..] : text;
        if (!IPEndPoint.TryParse(named, out IPEndPoint? address) || !named.Contains(':', StringComparison.Ordinal))
        {
            throw new FormatException($"'{text}' is no address; for example 127.0.0.1:28256");
        }

        if (!IPAddress.IsLoopback(address.Address))
        {
            throw new FormatException($"{text} can be reached from other machines: listen on a loopback address, and reach it through ssh");
        }

        return token is null && !isOpen
            ? throw new FormatException("needs a token in ECAPTURE_LISTEN_TOKEN, or --listen-open to let everybody on this machine change what is captured")
            : new ConfigServerOptions { Address = address, Token = token };
    }
}
