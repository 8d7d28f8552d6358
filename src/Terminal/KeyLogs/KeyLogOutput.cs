using ECapture.Events;
using ECapture.Events.V1;

namespace ECapture.Terminal.KeyLogs;

/// <summary>Keylog mode: secrets go into a key log, and what the agent says of itself to <paramref name="notices"/>.</summary>
/// <param name="file">The key log; belongs to this output.</param>
/// <param name="notices">Takes everything that is no secret.</param>
internal sealed class KeyLogOutput(KeyLogFile file, ItemOutput notices) : IEventOutput
{
    /// <inheritdoc/>
    public void Write(in ReceivedEvent received)
    {
        switch (received.Kind)
        {
            case Event.TlsSecretFieldNumber:
                PayloadFields payload = received.Fields.Payload;
                if (file.Add(payload.Label.Of(received.Encoded), payload.ClientRandom.Of(received.Encoded), payload.Main.Of(received.Encoded)))
                {
                    TerminalMetrics.Written.Add(1);
                }

                break;
            case Event.LossFieldNumber or Event.CoverageFieldNumber or Event.AgentStateFieldNumber:
                notices.Write(received);
                break;
        }
    }

    /// <inheritdoc/>
    public void Tick(ulong nowNs) => notices.Tick(nowNs);

    /// <inheritdoc/>
    public void Complete() => notices.Complete();

    /// <inheritdoc/>
    public void Dispose()
    {
        file.Dispose();
        notices.Dispose();
    }
}
