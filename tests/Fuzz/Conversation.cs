using ECapture.Protocols.Http;

namespace ECapture.Fuzz;

/// <summary>What a client and a server say, in order.</summary>
public sealed record Conversation(string Name, bool StartsInMiddle, params (HttpDirection Direction, byte[] Bytes)[] Steps)
{
    public override string ToString() => Name;
}
