using System.Text;
using ECapture.Events;
using ECapture.Events.V1;
using Google.Protobuf;

namespace ECapture.Tests.Integration.Querying;

/// <summary>An hour and a half of a small shop, for the pictures in docs/: made up, the same each time but for its end, which is now.</summary>
internal sealed class DemoHistory
{
    private const ulong Second = 1_000_000_000;

    private readonly Guid _run = Guid.Parse("019aa0c1-0000-7000-8000-0000000000de");
    private readonly Dictionary<string, ulong> _next = [];
    private readonly Random _random = new(4);
    private readonly List<Event> _events = [];
    private ulong _connection = 0x5d1f_00c3_0000_0000;

    public static List<Event> Make(ulong now)
    {
        DemoHistory history = new();
        for (ulong second = 0; second < 5400; second += 6)
        {
            // A gap in the middle: the ring was full.
            if (second is < 3300 or > 3540)
            {
                history.Tick(now - ((5400 - second) * Second), second);
            }
        }

        Event loss = history.Base(Topics.Agent, now - (1860 * Second), "web1", null);
        loss.Loss = new Loss { Where = "ring:tls", Why = "ring buffer full", Records = 41_250, FromNs = loss.BootNs - (240 * Second) };
        history._events.Add(loss);
        Event drop = history.Base(Topics.Control, now - (60 * Second), "web1", null);
        ulong hour = now - (now % (3600 * Second)) - (3600 * Second);
        drop.Control = new Control { Action = "retention.drop", Subject = $"http/{DateTime.UnixEpoch.AddTicks((long)hour / 100):yyyyMMddHH}", Actor = "ecapture", Rows = 912 };
        history._events.Add(drop);
        return history._events;
    }

    private void Tick(ulong time, ulong second)
    {
        int busy = 1 + (int)(2 * (1 + Math.Sin(second / 700.0)));
        for (int i = 0; i < busy; i++)
        {
            Exchange(time + ((ulong)_random.Next(6000) * 1_000_000));
        }

        if (_random.Next(3) == 0)
        {
            Sql(time + (ulong)_random.Next(1000));
        }

        if (_random.Next(25) == 0)
        {
            string[] lines = ["sudo systemctl restart nginx", "tail -f /var/log/nginx/error.log", "psql shop -c 'select count(*) from orders'", "vim /etc/nginx/conf.d/shop.conf", "curl -s https://api.shop.example/health"];
            Event e = Base(Topics.Bash, time, "web1", Process(2210, 1000, "bash"));
            e.ShellCommand = new ShellCommand { Kind = ShellCommand.Types.Kind.Line, Shell = "bash", Command = second, Text = Text(lines[_random.Next(lines.Length)]), Directory = Text("/home/ann"), Terminal = Text("pts/0") };
            _events.Add(e);
        }
    }

    private void Exchange(ulong time)
    {
        (string Method, string Path, uint Status, string Type)[] pages =
        [
            ("GET", "/v1/products?page=2", 200, "application/json"), ("GET", "/v1/products/417", 200, "application/json"), ("POST", "/v1/cart", 201, "application/json"),
            ("POST", "/v1/checkout", 200, "application/json"), ("GET", "/v1/orders/88213", 200, "application/json"), ("GET", "/img/logo.svg", 304, "image/svg+xml"),
            ("POST", "/v1/login", 401, "application/json"), ("GET", "/v1/products/9999", 404, "application/json"), ("POST", "/v1/checkout", 502, "text/html"),
        ];
        (string method, string path, uint status, string type) = pages[_random.Next(10) < 9 ? _random.Next(6) : 6 + _random.Next(3)];
        bool isCurl = _random.Next(4) == 0;
        Process process = isCurl ? Process((uint)(3000 + _random.Next(40)), 1000, "curl") : Process(812, 33, "nginx");
        Flow flow = Flow(isCurl);
        _connection++;
        ulong duration = (ulong)_random.Next(2, 180) * 1_000_000;
        string name = isCurl ? "api.shop.example" : "shop.example";
        Event open = Add(Topics.Connection, time - 9_000_000, process, flow);
        open.ConnectionState = new ConnectionState { State = isCurl ? ConnectionState.Types.State.Opened : ConnectionState.Types.State.Accepted };
        Event link = Add(Topics.Connection, time - 8_000_000, process, flow);
        link.ConnectionLink = new ConnectionLink { Source = ConnectionLink.Types.Source.Secret, ServerName = Text(name), ClientRandom = Bytes(32) };
        Event secret = Add(Topics.Secret, time - 7_000_000, process, flow);
        secret.TlsSecret = new TlsSecret { Label = "CLIENT_TRAFFIC_SECRET_0", ClientRandom = link.ConnectionLink.ClientRandom, Secret = Bytes(32) };
        string body = $"{{\"id\": {_random.Next(1000)}, \"title\": \"Teapot, blue\", \"price\": \"24.00\", \"stock\": {_random.Next(40)}}}";
        Event sent = Add(Topics.Tls, time, process, flow);
        sent.TlsData = new TlsData { Direction = isCurl ? Direction.Sent : Direction.Received, Library = "openssl", Data = Text($"{method} {path} HTTP/1.1\r\nHost: {name}\r\nAccept: */*\r\n\r\n") };
        Event received = Add(Topics.Tls, time + duration, process, flow);
        received.TlsData = new TlsData { Direction = isCurl ? Direction.Received : Direction.Sent, Library = "openssl", Data = Text($"HTTP/1.1 {status}\r\nContent-Type: {type}\r\nContent-Length: {body.Length}\r\n\r\n{body}") };
        Event http = Add(Topics.Http, time, process, flow);
        http.HttpExchange = new HttpTransaction
        {
            Role = isCurl ? HttpTransaction.Types.Role.Client : HttpTransaction.Types.Role.Server,
            Version = 11,
            Stream = 1,
            Method = Text(method),
            Host = Text(name),
            Path = Text(path),
            Status = status,
            DurationNs = duration,
            FirstByteNs = duration / 2,
            ResponseBytes = (ulong)body.Length,
            ResponseType = Text(type),
            ResponseBody = Text(body),
            Topic = Topics.Tls,
        };
        http.HttpExchange.RequestHeaders.AddRange([Header("Host", name), Header("User-Agent", isCurl ? "curl/8.5.0" : "Mozilla/5.0"), Header("Accept", "*/*")]);
        http.HttpExchange.ResponseHeaders.AddRange([Header("Server", "nginx/1.26.0"), Header("Content-Type", type), Header("Content-Length", $"{body.Length}")]);
        Event close = Add(Topics.Connection, time + duration + 2_000_000, process, flow);
        close.ConnectionState = new ConnectionState { State = ConnectionState.Types.State.Closed };
    }

    private void Sql(ulong time)
    {
        string[] statements = ["SELECT * FROM products WHERE id = 417", "INSERT INTO orders (customer, total) VALUES (5512, 48.00)", "UPDATE stock SET units = units - 1 WHERE product = 417", "SELECT sum(total) FROM orders WHERE day = '2026-11-20'"];
        bool isBad = _random.Next(20) == 0;
        Event e = Base(Topics.Postgres, time, "db1", Process(640, 112, "postgres"));
        e.SqlStatement = new SqlStatement
        {
            System = "postgresql",
            Kind = SqlStatement.Types.Kind.Prepared,
            User = Text("shop"),
            Database = Text("shop"),
            Client = Text("10.0.0.21"),
            Statement = Text(isBad ? "SELECT * FROM custmers" : statements[_random.Next(statements.Length)]),
            Outcome = isBad ? SqlStatement.Types.Outcome.Error : SqlStatement.Types.Outcome.Ok,
            ErrorCode = isBad ? "42P01" : "",
            ErrorMessage = Text(isBad ? "relation \"custmers\" does not exist" : ""),
            CommandTag = Text(isBad ? "" : "SELECT 1"),
            DurationNs = (ulong)_random.Next(1, 90) * 100_000,
        };
        _events.Add(e);
    }

    private Event Add(string topic, ulong time, Process process, Flow flow)
    {
        Event e = Base(topic, time, "web1", process);
        e.Connection = _connection;
        e.Flow = flow;
        _events.Add(e);
        return e;
    }

    private Event Base(string topic, ulong time, string host, Process? process)
    {
        ulong sequence = _next.GetValueOrDefault(topic);
        _next[topic] = sequence + 1;
        return new Event
        {
            Run = ByteString.CopyFrom(_run.ToByteArray(bigEndian: true)),
            Topic = topic,
            Sequence = sequence,
            Schema = 1,
            Host = host,
            Boot = ByteString.CopyFrom(new byte[16]),
            BootNs = time - 1_700_000_000_000_000_000,
            WallNs = time,
            Process = process,
        };
    }

    private Flow Flow(bool isClient)
    {
        byte[] own = [10, 0, 0, 11];
        byte[] other = isClient ? [198, 51, 100, 7] : [203, 0, 113, (byte)_random.Next(2, 250)];
        ushort port = (ushort)_random.Next(32_768, 60_999);
        (ushort local, ushort remote) = isClient ? (port, (ushort)443) : ((ushort)443, port);
        return new Flow
        {
            LocalAddress = ByteString.CopyFrom(own),
            LocalPort = local,
            RemoteAddress = ByteString.CopyFrom(other),
            RemotePort = remote,
            Protocol = 6,
            NetworkNamespace = 4_026_531_840,
            Id = CommunityId.FlowId(own, local, other, remote, 6),
        };
    }

    private static Process Process(uint pid, uint uid, string name) => new() { Pid = pid, StartNs = pid, Uid = uid, Name = Text(name) };

    private static HttpTransaction.Types.Header Header(string name, string value) => new() { Name = Text(name), Value = Text(value) };

    private ByteString Bytes(int length)
    {
        byte[] bytes = new byte[length];
        _random.NextBytes(bytes);
        return ByteString.CopyFrom(bytes);
    }

    private static ByteString Text(string text) => ByteString.CopyFrom(Encoding.UTF8.GetBytes(text));
}
