using ECapture.Query.Requests;
using ECapture.Storage.Reading;

namespace ECapture.Tests.Unit.Querying;

public sealed class RequestReaderTests
{
    [Fact]
    public void ReadEvents_EveryParameter_IsUnderstood()
    {
        EventsRequest request = Read(
            ("module", "tls,bash"), ("module", "postgres"), ("from", "2026-11-20T06:00:00.123456789Z"), ("to", "2026-11-20T08:00:00+01:00"),
            ("host", "web1,web2"), ("process", "a,b"), ("pid", "1,2"), ("uid", "0"), ("address", "10.0.0.0/8,::1"), ("port", "443,80"),
            ("connection", "8d1f00c300000001"), ("flow", "ffffffffffffffff"), ("text", " GET, x"), ("limit", "7"), ("order", "oldest"),
            ("results", "true"), ("format", "csv"));

        EventFilter filter = request.Filter;
        Assert.Equal(["tls", "bash", "postgres"], filter.Topics);
        Assert.Equal(1_795_154_400_123_456_789, filter.From);
        Assert.Equal(1_795_158_000_000_000_000, filter.To);
        Assert.Equal(["web1", "web2"], filter.Hosts);
        Assert.Equal(["a,b"], filter.Processes);
        Assert.Equal([1u, 2u], filter.Pids);
        Assert.Equal([0u], filter.Uids);
        Assert.Equal(["10.0.0.0/8", "::1"], filter.Addresses.Select(a => a.Text));
        Assert.Equal([(ushort)443, (ushort)80], filter.Ports);
        Assert.Equal([0x8d1f00c300000001], filter.Connections);
        Assert.Equal([ulong.MaxValue], filter.Flows);
        Assert.Equal(" GET, x", filter.Text);
        Assert.True(filter.IncludeResults);
        Assert.Equal((7, EventOrder.Oldest, EventsFormat.Csv), (request.Limit, request.Order, request.Format));
    }

    [Fact]
    public void ReadEvents_Nothing_TakesTheDefaults()
    {
        EventsRequest request = Read();

        Assert.Equal((RequestReader.DefaultLimit, EventOrder.Newest, EventsFormat.Json), (request.Limit, request.Order, request.Format));
        Assert.Null(request.Filter.From);
    }

    [Fact]
    public void ReadEvents_Since_CountsBackFromNow()
    {
        long before = TimeText.Now;

        long from = Read(("since", "10m")).Filter.From!.Value;

        Assert.InRange(from, before - 600_000_000_000, TimeText.Now - 600_000_000_000);
    }

    [Theory]
    [InlineData("since", "10x")]
    [InlineData("since", "-5m")]
    [InlineData("since", "999999999999999999w")]
    [InlineData("from", "yesterday")]
    [InlineData("from", "2026-11-20T06:00:00.1234567890Z")]
    [InlineData("module", "tls,nosuch")]
    [InlineData("module", "tls,,bash")]
    [InlineData("pid", "-1")]
    [InlineData("pid", "4294967296")]
    [InlineData("address", "10.0.0.0/33")]
    [InlineData("address", "10.1")]
    [InlineData("address", "fe80::1%eth0")]
    [InlineData("port", "0")]
    [InlineData("port", "65536")]
    [InlineData("connection", "12")]
    [InlineData("limit", "0")]
    [InlineData("limit", "1000001")]
    [InlineData("order", "random")]
    [InlineData("cursor", "AAAA")]
    [InlineData("format", "xml")]
    [InlineData("results", "yes")]
    [InlineData("process", "")]
    [InlineData("group-by", "host")]
    public void ReadEvents_BadValue_NamesParameterValueAndWhatIsValid(string name, string value)
    {
        ParameterException e = Assert.Throws<ParameterException>(() => Read((name, value)));

        Assert.Equal(name, e.Parameter);
        Assert.NotNull(e.Value);
        Assert.NotEmpty(e.Valid);
        Assert.StartsWith($"parameter '{name}': '", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("modul", "module")]
    [InlineData("Adress", "address")]
    [InlineData("sinse", "since")]
    public void ReadEvents_UnknownParameter_NamesTheNearest(string given, string meant)
    {
        ParameterException e = Assert.Throws<ParameterException>(() => Read((given, "x")));

        Assert.Contains($"unknown parameter '{given}'; did you mean '{meant}'?", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ReadEvents_ToBeforeFrom_IsRefused() =>
        Assert.Equal("to", Assert.Throws<ParameterException>(() => Read(("from", "2026-11-20"), ("to", "2026-11-19"))).Parameter);

    [Fact]
    public void ReadEvents_SameSingleParameterTwice_IsRefused() =>
        Assert.Equal("limit", Assert.Throws<ParameterException>(() => Read(("limit", "1"), ("limit", "2"))).Parameter);

    [Theory]
    [InlineData("to", "2026-11-20")]
    [InlineData("exact-window", "true")]
    public void ReadPcapng_LiveWithAnEnd_IsRefused(string name, string value)
    {
        ParameterException refused = Assert.Throws<ParameterException>(
            () => RequestReader.ReadPcapng([new("live", "true"), new("from", "2026-11-19"), new(name, value)]));

        Assert.Equal("live", refused.Parameter);
        Assert.True(RequestReader.ReadPcapng([new("live", "true"), new("from", "2026-11-19")]).IsLive);
    }

    [Fact]
    public void ReadPcapng_Keys_CanBeLeftOut()
    {
        Assert.False(RequestReader.ReadPcapng([new("keys", "false")]).Options.Keys);
        Assert.True(RequestReader.ReadPcapng([]).Options.Keys);
        Assert.Throws<ParameterException>(() => RequestReader.ReadPcapng([new("limit", "1")]));
    }

    [Theory]
    [InlineData(0, "1970-01-01T00:00:00.000000000Z")]
    [InlineData(1_795_154_400_123_456_789, "2026-11-20T06:00:00.123456789Z")]
    [InlineData(-1, "1969-12-31T23:59:59.999999999Z")]
    public void Format_Nanoseconds_KeepsNineDigits(long time, string text) => Assert.Equal(text, TimeText.Format(time));

    private static EventsRequest Read(params (string Name, string Value)[] parameters) =>
        RequestReader.ReadEvents(parameters.Select(p => new KeyValuePair<string, string>(p.Name, p.Value)), EventsFormat.Json);
}
