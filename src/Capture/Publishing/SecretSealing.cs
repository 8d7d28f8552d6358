using ECapture.Capture.Modules;
using ECapture.Events.V1;
using ECapture.Log.Streams;
using ECapture.Sealing;
using ECapture.Sealing.Keys;
using Microsoft.Extensions.Logging;

namespace ECapture.Capture.Publishing;

/// <summary>
/// Seals every TLS secret before it is encoded, whichever module published it. Recipients are read again when a data key ends, so that a rotated
/// key is used within a minute. For the capture thread.
/// </summary>
internal sealed partial class SecretSealing : IDisposable
{
    private readonly SecretSealer _sealer;
    private readonly CaptureOptions _options;
    private readonly ILogger _logger;
    private IReadOnlyList<RecipientKey> _recipients = [];

    /// <summary>Reads the recipients.</summary>
    /// <exception cref="CaptureException">Nobody could open what would be sealed, and nobody said that secrets stay open.</exception>
    internal SecretSealing(AgentIdentity identity, CaptureOptions options, TimeProvider time, ILogger logger)
    {
        _options = options;
        _logger = logger;
        _sealer = new SecretSealer(identity.Run, identity.Host, time);
        if (options.KeepSecretsOpen)
        {
            return;
        }

        if (options.SealTo.Count > 0)
        {
            _recipients = Read(options.SealTo);
            LogSealing(_logger, Ids(_recipients));
        }
        else if (options.Modules.FirstOrDefault(CaptureModules.WithSecrets.Contains) is { } module)
        {
            throw new CaptureException(
                $"nobody could open the TLS secrets of module {module}: name a file of public keys with --seal-to (`ecapture key new` makes one), "
                + "or keep secrets open for everybody with --seal-to none")
            { IsUsage = true };
        }
    }

    /// <summary>Seals a secret in its place, unless secrets stay open.</summary>
    /// <exception cref="InvalidOperationException">There are no recipients: a module that is not known to have secrets published one.</exception>
    internal void Seal(TlsSecret secret)
    {
        if (_options.KeepSecretsOpen)
        {
            return;
        }

        if (_sealer.IsDue)
        {
            Renew();
        }

        _sealer.Seal(secret);
    }

    public void Dispose()
    {
        _sealer.Dispose();
        Forget();
    }

    // A file that is being replaced, or was broken by its editor, must not end capture nor leave a secret open: those who were recipients stay so.
    private void Renew()
    {
        if (_recipients.Count == 0)
        {
            throw new InvalidOperationException("there is nobody to seal TLS secrets to");
        }

        try
        {
            IReadOnlyList<RecipientKey> next = Read(_options.SealTo);
            if (Ids(next) != Ids(_recipients))
            {
                LogSealing(_logger, Ids(next));
            }

            Forget();
            _recipients = next;
        }
        catch (CaptureException e)
        {
            LogKept(_logger, e.Message, Ids(_recipients));
        }

        _sealer.Renew(_recipients);
    }

    private static string Ids(IReadOnlyList<RecipientKey> keys) => string.Join(", ", keys.Select(k => k.Id));

    private void Forget()
    {
        foreach (RecipientKey recipient in _recipients)
        {
            recipient.Dispose();
        }
    }

    private static List<RecipientKey> Read(IReadOnlyList<string> files)
    {
        try
        {
            List<RecipientKey> keys = [.. files.SelectMany(RecipientFile.Read).DistinctBy(k => k.Id)];
            return keys.Count <= RecipientFile.MostRecipients
                ? keys
                : throw new SealingException($"{string.Join(", ", files)} hold {keys.Count} public keys; at most {RecipientFile.MostRecipients} are sealed to");
        }
        catch (SealingException e)
        {
            throw new CaptureException("TLS secrets cannot be sealed: " + e.Message, e) { IsUsage = true };
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "TLS secrets are sealed to {Recipients}.")]
    private static partial void LogSealing(ILogger logger, string recipients);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Reason}; secrets are still sealed to {Recipients}.")]
    private static partial void LogKept(ILogger logger, string reason, string recipients);
}
