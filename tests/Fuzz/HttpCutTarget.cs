using ECapture.Protocols.Http;

namespace ECapture.Fuzz;

/// <summary>Changed conversations read twice, whole and in pieces: both readings must be the same.</summary>
public sealed class HttpCutTarget : IFuzzTarget
{
    public string Name => "http-cut";

    public (long Fed, long Kept) Run(Random random)
    {
        Conversation original = HttpConversations.All[random.Next(HttpConversations.All.Count)];
        var changed = new Conversation(
            original.Name, random.Next(2) == 0, [.. original.Steps.Select(s => (s.Direction, random.Next(2) == 0 ? s.Bytes : Mutator.Change(s.Bytes, random)))]);
        var role = (HttpRole)random.Next(3);
        string whole = Play.Whole(changed, limits: HttpRun.Limits, role: role).Lines.ToString();
        int piece = random.Next(1, 20);
        string cut = Play.Whole(changed, piece, HttpRun.Limits, role).Lines.ToString();
        return whole == cut ? (2 * changed.Steps.Sum(static s => (long)s.Bytes.Length), 0)
            : throw new InvalidOperationException($"{original.Name} in pieces of {piece} reads differently\n--- whole\n{whole}\n--- cut\n{cut}");
    }
}
