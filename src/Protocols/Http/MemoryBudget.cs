namespace ECapture.Protocols.Http;

/// <summary>The bytes that one connection may keep for messages that are not finished.</summary>
internal sealed class MemoryBudget(int limit)
{
    public int Used { get; private set; }

    public bool TryTake(int bytes)
    {
        if (bytes > limit - Used)
        {
            return false;
        }

        Used += bytes;
        return true;
    }

    public void Return(int bytes) => Used -= bytes;
}
