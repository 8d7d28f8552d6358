using System.Net;
using ECapture.Pcapng;
using ECapture.Query.Callers;
using ECapture.Tests.Integration.Querying;
using ECapture.Tests.Integration.Storage;
using Outcome = ECapture.Events.V1.Access.Types.Outcome;

namespace ECapture.Tests.Integration.Callers;

/// <summary>A file that goes on ends with its reader's token.</summary>
public sealed class RevokedWhileFollowingTests(StoresFixture stores, TlsFixture tls) : AccessTestBase(stores, tls)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(100);

    [Fact]
    public async Task Pcapng_TokenRevokedWhileItIsFollowed_TheFileEndsAndSaysWhy()
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(s_patience);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Address, "api/v1/pcapng?live=true&" + Reason));
        request.Headers.Authorization = new("Bearer", Make("ann", Role.Keyholder));
        using HttpResponseMessage response = await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await using Stream body = await response.Content.ReadAsStreamAsync(patience.Token);
        using var file = new MemoryStream();
        byte[] first = new byte[1];
        await body.ReadExactlyAsync(first, patience.Token); // it has begun
        file.Write(first);

        Tokens.Revoke("ann", DateTimeOffset.UtcNow);
        await body.CopyToAsync(file, patience.Token);

        SectionHeaderBlock[] sections = [.. Blocks(file.ToArray()).OfType<SectionHeaderBlock>()];
        Assert.Equal(2, sections.Length);
        Assert.Contains("CUT: this file ends here", sections[1].Options.Text(OptionCode.Comment), StringComparison.Ordinal);
        Assert.Contains("revoked", sections[1].Options.Text(OptionCode.Comment), StringComparison.Ordinal);
        Assert.Contains(Journal.Entries, e => e is { Actor: "ann", Action: "pcapng", Outcome: Outcome.Refused } && e.Detail.Contains("revoked", StringComparison.Ordinal));
    }
}
