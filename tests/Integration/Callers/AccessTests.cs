using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using ECapture.Events.V1;
using ECapture.Log;
using ECapture.Log.Journal;
using ECapture.Pcapng;
using ECapture.Query;
using ECapture.Query.Callers;
using ECapture.Query.Client;
using ECapture.Storage;
using ECapture.Storage.Reading;
using ECapture.Tests.Integration.Querying;
using ECapture.Tests.Integration.Storage;
using ECapture.Tests.Support.Querying;
using Microsoft.Extensions.Logging;
using AccessEvent = ECapture.Events.V1.Access;
using Outcome = ECapture.Events.V1.Access.Types.Outcome;

namespace ECapture.Tests.Integration.Callers;

/// <summary>Who may have what, and that it is on record before he has it.</summary>
public sealed class AccessTests(StoresFixture stores, TlsFixture tls) : IAsyncLifetime
{
    private const string Reason = "reason=ticket%204711";

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("ecapture-access-");
    private readonly CancellationTokenSource _stop = new();
    private readonly RecordingJournal _journal = new();
    private readonly HttpClient _http = new();
    private readonly Dictionary<string, string> _texts = [];
    private Store? _store;
    private Task? _service;
    private Uri? _address;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private TokenFile Tokens => new(Path.Combine(_root.FullName, "tokens.json"));

    public async ValueTask InitializeAsync()
    {
        _store = await StoreFactory.OpenAsync(await stores.CreateDatabaseAsync(StoreKind.ClickHouse, Cancel), StoreRole.Writer, Cancel);
        await StoreLoader.LoadAsync(_store, [.. History.Make(300, seed: 3).Where(e => e.TlsSecret is null), .. new TlsHistory(tls).Make()], Cancel);
        foreach (Role role in Enum.GetValues<Role>())
        {
            Make(role.ToString(), role);
        }

        (_address, _service) = await ServeAsync(new QueryServiceOptions
        {
            Store = new EventStoreReader(_store),
            Listen = "http://127.0.0.1:0",
            Journal = _journal,
            Tokens = Tokens,
            RequireToken = true,
            Configure = b => b.Logging.ClearProviders(),
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _service!;
        _http.Dispose();
        _stop.Dispose();
        await _store!.DisposeAsync();
        _root.Delete(recursive: true);
    }

    [Fact]
    public async Task EachRole_OnEachRoute_GetsWhatItMayAndIsOnRecord()
    {
        (string Path, Role Least)[] routes =
        [
            ("api/v1/events?limit=5", Role.Viewer),
            ("api/v1/events?limit=5&filter=process%20%3D%3D%20%22curl%22", Role.Viewer),
            ("api/v1/histogram?since=1d", Role.Viewer),
            ("api/v1/connections?since=1d", Role.Viewer),
            ("api/v1/modules", Role.Viewer),
            ("api/v1/fields", Role.Viewer),
            ("api/v1/status", Role.Viewer),
            ("api/v1/events?limit=5&text=x", Role.Analyst),
            ("api/v1/events?limit=5&filter=sql%20~%20%22x%22", Role.Analyst),
            ("api/v1/events?limit=5&filter=not%20%28data%20~%20%22x%22%29", Role.Analyst),
            ("api/v1/histogram?since=1d&text=x", Role.Analyst),
            ("api/v1/pcapng?keys=false", Role.Analyst),
            ("api/v1/pcapng?keys=false&text=x", Role.Analyst),
            ("api/v1/pcapng?" + Reason, Role.Keyholder),
            ("api/v1/pcapng?keys=true&" + Reason, Role.Keyholder),
            ("api/v1/events?module=secret&text=x", Role.Keyholder),
            ("api/v1/keys", Role.Keyholder),
        ];
        var wrong = new List<string>();
        foreach ((string path, Role least) in routes)
        {
            foreach (Role role in Enum.GetValues<Role>())
            {
                (HttpStatusCode status, _) = await GetAsync(path, role.ToString());
                HttpStatusCode expected = role >= least ? HttpStatusCode.OK : HttpStatusCode.Forbidden;
                if (status != expected)
                {
                    wrong.Add($"{role} {path}: {status}");
                }

                bool isRefused = expected == HttpStatusCode.Forbidden;
                if (isRefused && _journal.Entries is not [.., { Outcome: Outcome.Refused }])
                {
                    wrong.Add($"{role} {path}: the refusal is not on record");
                }
            }
        }

        Assert.Empty(wrong);
        Assert.All(_journal.Entries, e => Assert.Equal(e.Actor.ToLowerInvariant(), e.Role));
    }

    [Fact]
    public async Task Nobody_WithoutATokenThatCounts_GetsAnything()
    {
        string expired = Tokens.Create("old", Role.Admin, DateTimeOffset.UtcNow.AddDays(-2), TimeSpan.FromDays(1), null);
        string revoked = Make("gone", Role.Admin);
        Tokens.Revoke("gone", DateTimeOffset.UtcNow);
        foreach (string path in (string[])["events", "histogram", "pcapng", "modules", "fields", "status", "keys", "nothing"])
        {
            foreach (string? header in (string?[])[null, "Bearer " + expired, "Bearer " + revoked, "Bearer ect_" + new string('A', 43), "Bearer ", "Basic " + _texts["Admin"], _texts["Admin"]])
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_address!, "api/v1/" + path));
                request.Headers.TryAddWithoutValidation("Authorization", header);
                using HttpResponseMessage response = await _http.SendAsync(request, Cancel);
                Assert.True(response.StatusCode == HttpStatusCode.Unauthorized, $"{path} with '{header}' answered {response.StatusCode}");
            }
        }

        Assert.NotEmpty(_journal.Entries);
        Assert.All(_journal.Entries, e => Assert.Equal((Outcome.Refused, ""), (e.Outcome, e.Actor)));
    }

    [Fact]
    public async Task Keys_WithoutKeyholderOrReason_NeverLeave()
    {
        foreach (string name in (string[])["Viewer", "Analyst", "Keyholder", "Admin"])
        {
            foreach (string path in (string[])["pcapng", "pcapng?keys=true", "pcapng?keys=false", "pcapng?reason=%20", "events?module=secret&limit=all", "events?module=secret&limit=all&format=csv"])
            {
                (_, byte[] body) = await GetAsync("api/v1/" + path, name);
                Assert.False(HoldsSecret(body), $"{name} got a secret from {path}");
            }
        }

        (HttpStatusCode status, byte[] file) = await GetAsync("api/v1/pcapng?" + Reason, "Keyholder");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.True(HoldsSecret(file));
        AccessEvent granted = Assert.Single(_journal.Entries, e => e.Action == "pcapng" && e.Outcome == Outcome.Granted && e.Keys > 0);
        Assert.Equal(("Keyholder", "ticket 4711", (ulong)tls.KeyLog.Count), (granted.Actor, granted.Reason, granted.Keys));
        Assert.Equal("127.0.0.1", granted.From);
        AccessEvent completed = await _journal.WaitForAsync(e => e.Action == "pcapng" && e.Outcome == Outcome.Completed && e.Keys > 0, Cancel);
        Assert.Equal(((ulong)Blocks(file).OfType<PacketBlock>().Count(), (ulong)file.Length), (completed.Rows, completed.Bytes));
    }

    [Fact]
    public async Task Keys_OnTheLoopbackWithoutAReason_AreRefused()
    {
        (Uri address, _) = await ServeAsync(new QueryServiceOptions
        {
            Store = new EventStoreReader(_store!),
            Listen = "http://127.0.0.1:0",
            Journal = _journal,
            Configure = b => b.Logging.ClearProviders(),
        });

        using HttpResponseMessage refused = await _http.GetAsync(new Uri(address, "api/v1/pcapng"), Cancel);
        using HttpResponseMessage given = await _http.GetAsync(new Uri(address, "api/v1/pcapng?" + Reason), Cancel);

        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.OK), (refused.StatusCode, given.StatusCode));
        Assert.False(HoldsSecret(await refused.Content.ReadAsByteArrayAsync(Cancel)));
        Assert.True(HoldsSecret(await given.Content.ReadAsByteArrayAsync(Cancel)));
        AccessEvent[] entries = [.. _journal.Entries.Where(e => e.Actor == "local")];
        Assert.Contains(entries, e => e.Outcome == Outcome.Refused && e.Detail.Contains("reason", StringComparison.Ordinal));
        Assert.Contains(entries, e => e is { Outcome: Outcome.Granted, Reason: "ticket 4711", Keys: > 0 });
    }

    [Fact]
    public async Task Store_ThatFails_SaysNothingOfItselfToATokensOwner()
    {
        (Uri address, _) = await ServeAsync(new QueryServiceOptions
        {
            Store = new EndlessStore(null),
            Listen = "http://127.0.0.1:0",
            Journal = _journal,
            Tokens = Tokens,
            RequireToken = true,
            Configure = b => b.Logging.ClearProviders(),
        });
        foreach (string path in (string[])["api/v1/status", "api/v1/events", "health/ready"])
        {
            (HttpStatusCode status, byte[] body) = await GetAsync(new Uri(address, path).ToString(), "Admin");

            Assert.True(status >= HttpStatusCode.InternalServerError, $"{path} answered {status}");
            Assert.DoesNotContain("endless", Encoding.UTF8.GetString(body), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Viewer_Events_HoldNoPayload()
    {
        (_, byte[] seen) = await GetAsync("api/v1/events?module=tls&limit=all&format=ndjson", "Viewer");
        (_, byte[] whole) = await GetAsync("api/v1/events?module=tls&limit=all&format=ndjson", "Analyst");

        Assert.All(tls.Exchanges, e => Assert.DoesNotContain(e.Marker, Encoding.UTF8.GetString(seen), StringComparison.Ordinal));
        Assert.All(tls.Exchanges, e => Assert.Contains(e.Marker, Encoding.UTF8.GetString(whole), StringComparison.Ordinal));
        Assert.Equal(Lines(whole), Lines(seen));
        foreach (string format in (string[])["json", "csv", "table"])
        {
            (_, byte[] body) = await GetAsync($"api/v1/events?limit=all&format={format}", "Viewer");
            Assert.All(tls.Exchanges, e => Assert.DoesNotContain(e.Marker, Encoding.UTF8.GetString(body), StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Token_WithAFilter_NeverSeesWhatIsOutside()
    {
        string process = tls.Exchanges[1].Process;
        Make("part", Role.Admin, $"process == \"{process}\"");

        (_, byte[] everything) = await GetAsync("api/v1/events?limit=all&format=ndjson", "part");
        (_, byte[] tricked) = await GetAsync("api/v1/events?limit=all&format=ndjson&filter=pid%20%3E%3D%200%20or%20pid%20%3E%3D%200", "part");
        (_, byte[] file) = await GetAsync("api/v1/pcapng?" + Reason, "part");

        string[] lines = Encoding.UTF8.GetString(everything).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.NotEmpty(lines);
        Assert.All(lines, l => Assert.Contains($"\"{process}\"", l, StringComparison.Ordinal));
        Assert.Equal(Lines(everything), Lines(tricked));
        Assert.Equal([tls.Exchanges[1].Marker], await MarkersAsync(file));
        foreach (string path in (string[])["status", "keys"])
        {
            Assert.Equal(HttpStatusCode.Forbidden, (await GetAsync("api/v1/" + path, "part")).Status);
        }
    }

    [Fact]
    public async Task Journal_ThatFails_LetsNothingOut()
    {
        _journal.Fails = true;
        foreach (string path in (string[])["events?limit=all", "histogram", "pcapng?" + Reason, "pcapng?keys=false", "keys"])
        {
            (HttpStatusCode status, byte[] body) = await GetAsync("api/v1/" + path, "Admin");

            Assert.True(status == HttpStatusCode.ServiceUnavailable, $"{path} answered {status}");
            Assert.Contains("on record", Encoding.UTF8.GetString(body), StringComparison.Ordinal);
            Assert.False(HoldsSecret(body));
        }
    }

    [Fact]
    public async Task Requests_TooMany_AreSlowedDown()
    {
        HttpStatusCode[] statuses = await Task.WhenAll(Enumerable.Range(0, 400).Select(async _ => (await GetAsync("api/v1/modules", "Viewer")).Status));

        Assert.Contains(HttpStatusCode.TooManyRequests, statuses);
        Assert.Contains(HttpStatusCode.OK, statuses);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync("api/v1/modules", "Analyst")).Status);
    }

    [Fact]
    public async Task Tls_WithATrustedCertificateAndAToken_Answers()
    {
        using RSA key = RSA.Create(2048);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        var request = new CertificateRequest("CN=ecapture test", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        (Uri address, Task service) = await ServeAsync(new QueryServiceOptions
        {
            Store = new EventStoreReader(_store!),
            Listen = "https://127.0.0.1:0",
            Certificate = certificate,
            Journal = _journal,
            Tokens = Tokens,
            Configure = b => b.Logging.ClearProviders(),
        });
        using var trusting = new QueryClient(address, _texts["Analyst"], [certificate]);
        using var nobody = new QueryClient(address, null, [certificate]);
        using var distrusting = new QueryClient(address, _texts["Analyst"]);
        using MemoryStream answer = new();

        await trusting.EventsAsync([new("limit", "3"), new("format", "ndjson")], answer, Cancel);

        Assert.Equal(3, Lines(answer.ToArray()));
        Assert.Contains("asks for a token", (await Assert.ThrowsAsync<QueryClientException>(() => nobody.EventsAsync([], Stream.Null, Cancel))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<QueryClientException>(() => distrusting.EventsAsync([], Stream.Null, Cancel));
        await _stop.CancelAsync();
        await service;
    }

    [Fact]
    public async Task Tls_WithClientAuthorities_AnswersWhoseCertificateTheySigned()
    {
        DateTimeOffset from = DateTimeOffset.UtcNow.AddDays(-1);
        using RSA authorityKey = RSA.Create(2048);
        var authorityRequest = new CertificateRequest("CN=authority", authorityKey, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        authorityRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using X509Certificate2 authority = authorityRequest.CreateSelfSigned(from, from.AddDays(9));
        using X509Certificate2 server = Signed("CN=service", "1.3.6.1.5.5.7.3.1");
        using X509Certificate2 client = Signed("CN=ann", "1.3.6.1.5.5.7.3.2");
        using RSA strangersKey = RSA.Create(2048);
        using X509Certificate2 stranger = new CertificateRequest("CN=ann", strangersKey, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(from, from.AddDays(9));
        await using RunningQuery service = await RunningQuery.StartAsync(new QueryServiceOptions
        {
            Store = new EventStoreReader(_store!),
            Listen = "https://127.0.0.1:0",
            Certificate = server,
            ClientAuthorities = [authority],
            Tokens = Tokens,
            Configure = b => b.Logging.ClearProviders(),
        });
        using MemoryStream answer = new();
        using var signed = new QueryClient(service.Address, _texts["Analyst"], [authority], client);
        await signed.EventsAsync([new("limit", "3"), new("format", "ndjson")], answer, Cancel);
        Assert.Equal(3, Lines(answer.ToArray()));
        using var tokenless = new QueryClient(service.Address, null, [authority], client);
        await Assert.ThrowsAsync<QueryClientException>(() => tokenless.EventsAsync([], Stream.Null, Cancel));
        foreach (X509Certificate2? wrong in (X509Certificate2?[])[null, stranger, server])
        {
            using var refused = new QueryClient(service.Address, _texts["Analyst"], [authority], wrong);
            await Assert.ThrowsAsync<QueryClientException>(() => refused.EventsAsync([], Stream.Null, Cancel));
        }

        X509Certificate2 Signed(string subject, string use)
        {
            using RSA key = RSA.Create(2048);
            var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            var names = new SubjectAlternativeNameBuilder();
            names.AddIpAddress(IPAddress.Loopback);
            request.CertificateExtensions.Add(names.Build());
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(use)], false));
            using X509Certificate2 made = request.Create(authority, from, from.AddDays(8), RandomNumberGenerator.GetBytes(8));
            using X509Certificate2 withKey = made.CopyWithPrivateKey(key);
            return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), null); // TLS wants a key that is not ephemeral
        }
    }

    private string Make(string name, Role role, string? filter = null) =>
        _texts[name] = Tokens.Create(name, role, DateTimeOffset.UtcNow, TimeSpan.FromHours(1), filter);

    private async Task<(Uri, Task)> ServeAsync(QueryServiceOptions options)
    {
        var started = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        Task service = QueryService.RunAsync(
            new QueryServiceOptions
            {
                Store = options.Store,
                Listen = options.Listen,
                Journal = options.Journal,
                Tokens = options.Tokens,
                RequireToken = options.RequireToken,
                Certificate = options.Certificate,
                Configure = options.Configure,
                Started = started.SetResult,
            },
            _stop.Token);
        Task first = await Task.WhenAny(started.Task, service);
        await first;
        return (await started.Task, service);
    }

    private async Task<(HttpStatusCode Status, byte[] Body)> GetAsync(string path, string name)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_address!, path)); // an address of its own stays
        request.Headers.Authorization = new("Bearer", _texts[name]);
        using HttpResponseMessage response = await _http.SendAsync(request, Cancel);
        return (response.StatusCode, await response.Content.ReadAsByteArrayAsync(Cancel));
    }

    private bool HoldsSecret(byte[] body)
    {
        string text = Encoding.Latin1.GetString(body);
        return tls.KeyLog.Select(l => l.Split(' ')[2]).Any(secret =>
            text.Contains(secret, StringComparison.OrdinalIgnoreCase)
            || text.Contains(Convert.ToBase64String(Convert.FromHexString(secret)), StringComparison.Ordinal)
            || body.AsSpan().IndexOf(Convert.FromHexString(secret)) >= 0)
            || Blocks(body).OfType<DecryptionSecretsBlock>().Any();
    }

    private static List<PcapngBlock> Blocks(byte[] body)
    {
        List<PcapngBlock> blocks = [];
        if (body.Length > 4 && body.AsSpan(0, 4).SequenceEqual<byte>([0x0A, 0x0D, 0x0D, 0x0A]))
        {
            var reader = new PcapngReader(new MemoryStream(body));
            while (reader.Read() is { } block)
            {
                blocks.Add(block);
            }
        }

        return blocks;
    }

    private async Task<string[]> MarkersAsync(byte[] file)
    {
        string path = Path.Combine(_root.FullName, "file.pcapng");
        await File.WriteAllBytesAsync(path, file, Cancel);
        return [.. (await Tshark.FieldsAsync(path, "http.request", "http.request.uri")).Select(u => u.TrimStart('/'))];
    }

    private static int Lines(byte[] body) => body.Count(b => b == '\n');

    private sealed class RecordingJournal : IJournal
    {
        private readonly List<AccessEvent> _entries = [];
        private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool Fails { get; set; }

        public IReadOnlyList<AccessEvent> Entries
        {
            get
            {
                lock (_entries)
                {
                    return [.. _entries];
                }
            }
        }

        public Task AppendAsync(Control control, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task AppendAsync(AccessEvent access, CancellationToken cancellationToken)
        {
            if (Fails)
            {
                throw new LogException("the disk is full", isTransient: true);
            }

            lock (_entries)
            {
                _entries.Add(access);
                _changed.TrySetResult();
                _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            return Task.CompletedTask;
        }

        // How much it was is recorded after the last byte left.
        public async Task<AccessEvent> WaitForAsync(Func<AccessEvent, bool> condition, CancellationToken cancellationToken)
        {
            while (true)
            {
                Task changed;
                lock (_entries)
                {
                    if (_entries.Find(e => condition(e)) is { } found)
                    {
                        return found;
                    }

                    changed = _changed.Task;
                }

                await changed.WaitAsync(TimeSpan.FromSeconds(30), cancellationToken);
            }
        }
    }
}
