using System.Net;
using Microsoft.AspNetCore.Http;

namespace ECapture.Query.Api;

/// <summary>
/// On a loopback address only requests for a loopback name are answered: a page in a browser of this machine could otherwise give its own name this
/// address and read TLS secrets as if they were its own (DNS rebinding).
/// </summary>
internal sealed class LoopbackHostMiddleware(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        string host = context.Request.Host.Host;
        bool isOurs = host is "" or "localhost" || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address));
        return isOurs
            ? next(context)
            : Problem.WriteAsync(
                context, StatusCodes.Status421MisdirectedRequest, "Not for this service",
                "This service answers on the loopback only, under its address or localhost; a proxy in front of it must send that as Host.");
    }
}
