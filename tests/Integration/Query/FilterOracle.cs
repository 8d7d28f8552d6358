using System.Net;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Storage.Reading;

namespace ECapture.Tests.Integration.Querying;

/// <summary>What a filter means, said a second time and in the plainest way.</summary>
internal static class FilterOracle
{
    public static bool Matches(EventFilter filter, Event e)
    {
        IReadOnlyList<string> topics = filter.Topics.Count > 0 ? filter.Topics : [.. Topics.All.Where(t => t is not ("packet" or "secret" or "access"))];
        long time = (long)e.WallNs;
        return topics.Contains(e.Topic)
            && (filter.From is not { } from || time >= from)
            && (filter.To is not { } to || time < to)
            && Any(filter.Hosts, h => h == e.Host)
            && Any(filter.Processes, p => p == (e.Process?.Name.ToStringUtf8() ?? ""))
            && Any(filter.Pids, p => p == (e.Process?.Pid ?? 0))
            && Any(filter.Uids, u => u == (e.Process is null ? uint.MaxValue : e.Process.Uid))
            && Any(filter.Connections, c => c == e.Connection)
            && Any(filter.Flows, f => f == (e.Flow?.Id ?? 0))
            && Any(filter.Ports, p => e.Flow is not null && (p == e.Flow.LocalPort || p == e.Flow.RemotePort))
            && Any(filter.Addresses, a => e.Flow is not null && (In(a, e.Flow.LocalAddress.ToByteArray()) || In(a, e.Flow.RemoteAddress.ToByteArray())))
            && (filter.Text is not { } text || MainBytes(e).AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(text)) >= 0)
            && (filter.IncludeResults || e.PayloadCase is not (Event.PayloadOneofCase.ShellResult or Event.PayloadOneofCase.ProcessExit));
    }

    private static bool Any<T>(IReadOnlyList<T> values, Func<T, bool> matches) => values.Count == 0 || values.Any(matches);

    private static bool In(AddressRange range, byte[] address)
    {
        byte[] bytes = new IPAddress(address).MapToIPv6().GetAddressBytes();
        return bytes.AsSpan().SequenceCompareTo(range.First.GetAddressBytes()) >= 0
            && bytes.AsSpan().SequenceCompareTo(range.Last.GetAddressBytes()) <= 0;
    }

    private static byte[] MainBytes(Event e) => e.PayloadCase switch
    {
        Event.PayloadOneofCase.TlsData => e.TlsData.Data.ToByteArray(),
        Event.PayloadOneofCase.TlsSecret => e.TlsSecret.Secret.ToByteArray(),
        Event.PayloadOneofCase.Packet => e.Packet.Data.ToByteArray(),
        Event.PayloadOneofCase.ShellCommand => e.ShellCommand.Text.ToByteArray(),
        Event.PayloadOneofCase.SqlStatement => e.SqlStatement.Statement.ToByteArray(),
        _ => [],
    };
}
