using ECapture.Query.Callers;

namespace ECapture.Tests.Unit.Callers;

public sealed class TokenFileTests : IDisposable
{
    private static readonly DateTimeOffset s_now = new(2026, 11, 20, 9, 0, 0, TimeSpan.Zero);

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("ecapture-tokens-");

    private string File => Path.Combine(_root.FullName, "tokens.json");

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public void Revoke_AnotherCommandIsChangingTheTokens_IsRefusedAndNothingIsLost()
    {
        TokenFile tokens = new(File);
        string ann = tokens.Create("ann", Role.Analyst, s_now, TimeSpan.FromDays(1), null);

        using (new FileStream(File + ".lock", FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
            Assert.Contains("another command may be at it", Assert.Throws<TokenException>(() => tokens.Revoke("ann", s_now)).Message, StringComparison.Ordinal);
            Assert.Throws<TokenException>(() => tokens.Create("bob", Role.Viewer, s_now, TimeSpan.FromDays(1), null));
            Assert.Null(tokens.Find(ann)!.RefusedAt(s_now)); // whoever asks is not kept waiting
        }

        tokens.Revoke("ann", s_now);
        Assert.NotNull(tokens.Find(ann)!.RefusedAt(s_now));
    }

    [Fact]
    public void Create_Token_IsFoundByItsTextAndKeptAsHashOnly()
    {
        TokenFile tokens = new(File);

        string text = tokens.Create("ann", Role.Analyst, s_now, TimeSpan.FromDays(1), "host == \"web1\"");

        AccessToken found = Assert.IsType<AccessToken>(tokens.Find(text));
        Assert.Equal(("ann", Role.Analyst, "host == \"web1\""), (found.Name, found.Role, found.Filter));
        Assert.DoesNotContain(text, System.IO.File.ReadAllText(File), StringComparison.Ordinal);
        Assert.DoesNotContain(text["ect_".Length..], System.IO.File.ReadAllText(File), StringComparison.Ordinal);
        Assert.False(System.IO.File.GetUnixFileMode(File).HasFlag(UnixFileMode.OtherRead));
    }

    [Fact]
    public void Find_Forged_IsNobody()
    {
        TokenFile tokens = new(File);
        string text = tokens.Create("ann", Role.Viewer, s_now, TimeSpan.FromDays(1), null);
        string hash = tokens.Read()[0].Sha256;

        foreach (string forged in (string[])["", "ect_", text[..^1], text + "a", text.ToUpperInvariant(), hash, "ann", text[..^1] + (text[^1] == 'A' ? 'B' : 'A')])
        {
            Assert.Null(tokens.Find(forged));
        }
    }

    [Fact]
    public void Find_RevokedOrExpired_DoesNotCount()
    {
        TokenFile tokens = new(File);
        string text = tokens.Create("ann", Role.Viewer, s_now, TimeSpan.FromDays(1), null);

        Assert.Null(tokens.Find(text)!.RefusedAt(s_now.AddDays(1).AddTicks(-1)));
        Assert.Contains("expired", tokens.Find(text)!.RefusedAt(s_now.AddDays(1)), StringComparison.Ordinal);
        tokens.Revoke("ann", s_now);
        Assert.Contains("revoked", tokens.Find(text)!.RefusedAt(s_now), StringComparison.Ordinal);
        Assert.Throws<TokenException>(() => tokens.Revoke("ann", s_now));
    }

    [Fact]
    public void Find_FileChangedByAnotherProcess_SeesIt()
    {
        TokenFile service = new(File);
        Assert.Empty(service.Read());
        TokenFile command = new(File);
        string text = command.Create("ann", Role.Viewer, s_now, TimeSpan.FromDays(1), null);

        Assert.Equal("ann", service.Find(text)?.Name);
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("local", null)]
    [InlineData("a b", null)]
    [InlineData("ann\n", null)]
    [InlineData("ann", "host ==")]
    public void Create_BadNameOrFilter_IsRefused(string name, string? filter) =>
        Assert.Throws<TokenException>(() => new TokenFile(File).Create(name, Role.Viewer, s_now, TimeSpan.FromDays(1), filter));

    [Fact]
    public void Create_NameThatCounts_IsRefusedUntilRevoked()
    {
        TokenFile tokens = new(File);
        tokens.Create("ann", Role.Viewer, s_now, TimeSpan.FromDays(1), null);
        Assert.Throws<TokenException>(() => tokens.Create("ann", Role.Admin, s_now, TimeSpan.FromDays(1), null));
        tokens.Revoke("ann", s_now);

        Assert.NotEmpty(tokens.Create("ann", Role.Admin, s_now, TimeSpan.FromDays(1), null));
    }

    [Theory]
    [InlineData("no json")]
    [InlineData("{\"tokens\":[{\"name\":\"a\",\"role\":\"king\"}]}")]
    [InlineData("{\"other\":1}")]
    public void Read_FileThatIsNoList_SaysSo(string text)
    {
        System.IO.File.WriteAllText(File, text);

        Assert.Contains(File, Assert.Throws<TokenException>(() => new TokenFile(File).Read()).Message, StringComparison.Ordinal);
    }
}
