namespace ECapture.Terminal.Switching;

/// <summary>Says which events of an agent count.</summary>
internal interface IEventSelection
{
    /// <summary>True for an event that counts. Called once for each, in the agent's order.</summary>
    bool Takes(in ReceivedEvent received);
}
