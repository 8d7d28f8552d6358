using ECapture.Query.Callers;
using ECapture.Query.Releases;

namespace ECapture.Tests.Unit.Callers;

public sealed class KeyReleasesTests
{
    private const string Query = "?process=curl&reason=ticket";
    private static readonly DateTimeOffset s_now = new(2026, 11, 20, 9, 0, 0, TimeSpan.Zero);

    private readonly KeyReleases _releases = new(null);

    [Fact]
    public void Use_ApprovedBySomebodyElse_IsGoodOnceForTheSameWords()
    {
        string id = Ask("ann", Query);

        Assert.Equal("bob", _releases.Decide(id, "bob", approves: true, s_now)!.By);

        Assert.Throws<AccessRefusedException>(() => _releases.Use("ann", Query + "&since=1d", "ticket", s_now));
        Assert.Throws<AccessRefusedException>(() => _releases.Use("carl", Query, "ticket", s_now));
        Assert.Equal((id, "bob"), (_releases.Use("ann", Query, "ticket", s_now).Id, _releases.Find(id, s_now)!.By));
        Assert.NotEqual(id, Ask("ann", Query));
        Assert.Equal(ReleaseState.Used, _releases.Find(id, s_now)!.State);
    }

    [Fact]
    public void Decide_OnesOwn_CanBeDeniedOnly()
    {
        string id = Ask("ann", Query);

        Assert.Throws<AccessRefusedException>(() => _releases.Decide(id, "ann", approves: true, s_now));
        Assert.Equal(ReleaseState.Denied, _releases.Decide(id, "ann", approves: false, s_now)!.State);
        Assert.Null(_releases.Decide(id, "bob", approves: true, s_now));
        Assert.NotEqual(id, Ask("ann", Query));
    }

    [Fact]
    public void Decide_ApprovedThenDenied_CountsNoMore()
    {
        string id = Ask("ann", Query);
        _releases.Decide(id, "bob", approves: true, s_now);

        Assert.Null(_releases.Decide(id, "carl", approves: true, s_now));
        Assert.Equal((ReleaseState.Denied, "carl"), (_releases.Decide(id, "carl", approves: false, s_now)!.State, _releases.Find(id, s_now)!.By));
        Assert.NotEqual(id, Ask("ann", Query));
    }

    [Fact]
    public void Expire_RequestAndApproval_CountNoMore()
    {
        string waiting = Ask("ann", Query);
        string approved = Ask("bob", Query);
        _releases.Decide(approved, "ann", approves: true, s_now);

        Assert.Equal(waiting, Ask("ann", Query, s_now + KeyReleases.Waiting - TimeSpan.FromSeconds(1)));
        Assert.NotEqual(approved, Ask("bob", Query, s_now + KeyReleases.Counting));
        Assert.Equal(ReleaseState.Expired, _releases.Find(approved, s_now + KeyReleases.Counting)!.State);
        Assert.Null(_releases.Decide(waiting, "bob", approves: true, s_now + KeyReleases.Waiting));
        Assert.Equal(ReleaseState.Expired, _releases.Find(waiting, s_now + KeyReleases.Waiting)!.State);
        Assert.DoesNotContain(_releases.List(s_now + (2 * KeyReleases.Waiting)), r => r.Id == waiting);
    }

    [Fact]
    public void Use_Flooded_IsBounded()
    {
        for (int actor = 0; actor < 60; actor++)
        {
            for (int i = 0; i < 20; i++)
            {
                Ask($"a{actor}", $"?pid={i}", s_now.AddSeconds((20 * actor) + i));
            }

            Assert.Contains("wait for a second keyholder already", Assert.Throws<AccessRefusedException>(() => _releases.Use($"a{actor}", "?one=more", "", s_now.AddSeconds((20 * actor) + 20))).Message, StringComparison.Ordinal);
        }

        Assert.Equal(1000, _releases.List(s_now.AddSeconds(1200)).Count);
    }

    private string Ask(string actor, string query, DateTimeOffset? now = null)
    {
        string refusal = Assert.Throws<AccessRefusedException>(() => _releases.Use(actor, query, "ticket", now ?? s_now)).Message;
        return refusal.Split("release ")[1][..16];
    }
}
