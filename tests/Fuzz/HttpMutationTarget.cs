using ECapture.Protocols.Http;

namespace ECapture.Fuzz;

/// <summary>Conversations with changed bytes, in pieces of any size, known and unknown roles.</summary>
public sealed class HttpMutationTarget : IFuzzTarget
{
    public string Name => "http";

    public (long Fed, long Kept) Run(Random random)
    {
        Conversation conversation = HttpConversations.All[random.Next(HttpConversations.All.Count)];
        var run = new HttpRun((HttpRole)random.Next(3), random.Next(3) == 0);
        for (int round = random.Next(1, 4); round > 0; round--)
        {
            foreach ((HttpDirection direction, byte[] bytes) in conversation.Steps)
            {
                byte[] changed = random.Next(3) == 0 ? bytes : Mutator.Change(bytes, random);
                for (int at = 0; at < changed.Length;)
                {
                    int piece = Math.Min(changed.Length - at, random.Next(1, random.Next(2) == 0 ? 9 : 5000));
                    run.Feed(random.Next(200) == 0 ? HttpDirection.Sent : direction, changed.AsSpan(at, piece));
                    at += piece;
                }
            }
        }

        run.Close();
        return (run.Fed, run.MostKept);
    }
}
