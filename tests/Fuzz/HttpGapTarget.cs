using ECapture.Protocols.Http;

namespace ECapture.Fuzz;

/// <summary>True conversations with pieces missing, declared as gaps.</summary>
public sealed class HttpGapTarget : IFuzzTarget
{
    public string Name => "http-gaps";

    public (long Fed, long Kept) Run(Random random)
    {
        Conversation conversation = HttpConversations.All[random.Next(HttpConversations.All.Count)];
        var run = new HttpRun((HttpRole)random.Next(3), conversation.StartsInMiddle);
        for (int round = random.Next(1, 4); round > 0; round--)
        {
            foreach ((HttpDirection direction, byte[] bytes) in conversation.Steps)
            {
                for (int at = 0; at < bytes.Length;)
                {
                    int piece = Math.Min(bytes.Length - at, random.Next(1, 300));
                    if (random.Next(6) == 0)
                    {
                        run.Gap(direction, random.Next(20) == 0 ? random.NextInt64() : piece);
                    }
                    else
                    {
                        run.Feed(direction, bytes.AsSpan(at, piece));
                    }

                    at += piece;
                }
            }
        }

        if (random.Next(4) == 0)
        {
            run.End((HttpDirection)random.Next(2));
        }

        run.Close();
        return (run.Fed, run.MostKept);
    }
}
