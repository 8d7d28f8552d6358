using System.Net;
using System.Text;
using ECapture.Pcapng;
using ECapture.Query;
using ECapture.Query.Callers;
using ECapture.Storage;
using ECapture.Storage.Reading;
using ECapture.Tests.Integration.Querying;
using ECapture.Tests.Integration.Storage;
using ECapture.Tests.Support.Querying;
using Microsoft.Extensions.Logging;

namespace ECapture.Tests.Integration.Callers;

/// <summary>A service that asks for tokens, one of each role, over sessions with their secrets.</summary>
public abstract class AccessTestBase(StoresFixture stores, TlsFixture tls) : IAsyncLifetime
{
    private protected const string Reason = "reason=ticket%204711";

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("ecapture-access-");
    private readonly Dictionary<string, string> _texts = [];
    private Store? _store;
    private RunningQuery? _service;

    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private protected TokenFile Tokens => new(Path.Combine(_root.FullName, "tokens.json"));

    /// <summary>A folder for what a service keeps.</summary>
    private protected string Releases => Path.Combine(_root.FullName, "releases");

    private protected TlsFixture Sessions => tls;

    private protected RecordingJournal Journal { get; } = new();

    private protected HttpClient Http { get; } = new();

    private protected EventStoreReader Events => new(_store!);

    private protected Uri Address => _service!.Address;

    public async ValueTask InitializeAsync()
    {
        _store = await StoreFactory.OpenAsync(await stores.CreateDatabaseAsync(StoreKind.ClickHouse, Cancel), StoreRole.Writer, Cancel);
        await StoreLoader.LoadAsync(_store, [.. History.Make(300, seed: 3).Where(e => e.TlsSecret is null), .. new TlsHistory(tls).Make()], Cancel);
        foreach (Role role in Enum.GetValues<Role>())
        {
            Make(role.ToString(), role);
        }

        _service = await RunningQuery.StartAsync(new QueryServiceOptions
        {
            Store = Events,
            Listen = "http://127.0.0.1:0",
            Journal = Journal,
            Tokens = Tokens,
            RequireToken = true,
            Configure = b => b.Logging.ClearProviders(),
        });
    }

    public async ValueTask DisposeAsync()
    {
        if (_service is not null)
        {
            await _service.DisposeAsync();
        }

        Http.Dispose();
        if (_store is not null)
        {
            await _store.DisposeAsync();
        }

        _root.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>The token that was made under a name.</summary>
    private protected string TokenOf(string name) => _texts[name];

    private protected string Make(string name, Role role, string? filter = null) =>
        _texts[name] = Tokens.Create(name, role, DateTimeOffset.UtcNow, TimeSpan.FromHours(1), filter);

    private protected async Task<(HttpStatusCode Status, byte[] Body)> GetAsync(string path, string name)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Address, path)); // an address of its own stays
        request.Headers.Authorization = new("Bearer", _texts[name]);
        using HttpResponseMessage response = await Http.SendAsync(request, Cancel);
        return (response.StatusCode, await response.Content.ReadAsByteArrayAsync(Cancel));
    }

    private protected bool HoldsSecret(byte[] body)
    {
        string text = Encoding.Latin1.GetString(body);
        return Sessions.KeyLog.Select(l => l.Split(' ')[2]).Any(secret =>
            text.Contains(secret, StringComparison.OrdinalIgnoreCase)
            || text.Contains(Convert.ToBase64String(Convert.FromHexString(secret)), StringComparison.Ordinal)
            || body.AsSpan().IndexOf(Convert.FromHexString(secret)) >= 0)
            || Blocks(body).OfType<DecryptionSecretsBlock>().Any();
    }

    private protected static List<PcapngBlock> Blocks(byte[] body)
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

    private protected async Task<string[]> MarkersAsync(byte[] file)
    {
        string path = Path.Combine(_root.FullName, "file.pcapng");
        await File.WriteAllBytesAsync(path, file, Cancel);
        return [.. (await Tshark.FieldsAsync(path, "http.request", "http.request.uri")).Select(u => u.TrimStart('/'))];
    }

    private protected static int Lines(byte[] body) => body.Count(b => b == '\n');
}
