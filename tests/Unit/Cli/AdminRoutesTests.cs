using ECapture.Cli.Admin;
using ECapture.Sink.Operations;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ECapture.Tests.Unit.Cli;

public sealed class AdminRoutesTests
{
    private const string Key = "key";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task RunAsync_HoldWhileTheStoreIsVerified_IsNotKeptWaiting()
    {
        TaskCompletionSource verified = new(TaskCreationOptions.RunContinuationsAsynchronously);
        List<string> begun = [];
        using AdminRoutes routes = new(Key, (_, _) => null!, name => async (_, _) =>
        {
            begun.Add(name);
            await (name == AdminOperations.Verify ? verified.Task : Task.CompletedTask);
            return 0;
        });

        Task verify = routes.RunAsync(Request(out MemoryStream report), AdminOperations.Verify);
        Task reconcile = routes.RunAsync(Request(out _), AdminOperations.Reconcile);
        Task hold = routes.RunAsync(Request(out MemoryStream held), AdminOperations.HoldAdd);
        await hold.WaitAsync(s_patience, TestContext.Current.CancellationToken);

        Assert.Equal([AdminOperations.Verify, AdminOperations.HoldAdd], begun); // what reads the whole store is one at a time
        Assert.Contains("exit 0", System.Text.Encoding.UTF8.GetString(held.ToArray()), StringComparison.Ordinal);
        verified.SetResult();
        await Task.WhenAll(verify, reconcile).WaitAsync(s_patience, TestContext.Current.CancellationToken);
        Assert.Equal(AdminOperations.Reconcile, begun[^1]);
        Assert.Contains("exit 0", System.Text.Encoding.UTF8.GetString(report.ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_WithoutTheKey_IsRefused()
    {
        using AdminRoutes routes = new(Key, (_, _) => null!, _ => (_, _) => throw new InvalidOperationException("nobody may come here"));
        HttpContext request = Request(out _);
        request.Request.Headers[AdminRoutes.KeyHeader] = "another";

        await routes.RunAsync(request, AdminOperations.Verify);

        Assert.Equal(StatusCodes.Status403Forbidden, request.Response.StatusCode);
    }

    private static DefaultHttpContext Request(out MemoryStream answer)
    {
        DefaultHttpContext http = new();
        answer = new MemoryStream();
        http.Response.Body = answer;
        http.Request.Headers[AdminRoutes.KeyHeader] = Key;
        http.Features.Set<IHttpBodyControlFeature>(new SynchronousAllowed());
        return http;
    }

    private sealed class SynchronousAllowed : IHttpBodyControlFeature
    {
        public bool AllowSynchronousIO { get; set; }
    }
}
