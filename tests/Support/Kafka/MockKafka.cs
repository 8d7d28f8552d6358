using System.Runtime.InteropServices;
using System.Text;
using ECapture.Log.Kafka;

namespace ECapture.Tests.Support.Kafka;

/// <summary>
/// The cluster in librdkafka that speaks the modern protocol: idempotence, error injection. In memory; it ends with this object.
/// </summary>
public sealed unsafe class MockKafka : IDisposable
{
    private const int Producer = 0;

    private readonly IntPtr _library = NativeLibrary.Load(KafkaLibrary.Require());
    private readonly IntPtr _client;
    private readonly IntPtr _cluster;

    public MockKafka()
    {
        byte* error = stackalloc byte[512];
        IntPtr configuration = ((delegate* unmanaged<IntPtr>)Function("rd_kafka_conf_new"))();
        fixed (byte* name = "log_level\0"u8, value = "0\0"u8)
        {
            _ = ((delegate* unmanaged<IntPtr, byte*, byte*, byte*, nuint, int>)Function("rd_kafka_conf_set"))(configuration, name, value, error, 512);
        }

        _client = ((delegate* unmanaged<int, IntPtr, byte*, nuint, IntPtr>)Function("rd_kafka_new"))(Producer, configuration, error, 512);
        if (_client == IntPtr.Zero)
        {
            throw new InvalidOperationException($"rd_kafka_new: {Marshal.PtrToStringUTF8((IntPtr)error)}");
        }

        _cluster = ((delegate* unmanaged<IntPtr, int, IntPtr>)Function("rd_kafka_mock_cluster_new"))(_client, 1);
        ((delegate* unmanaged<IntPtr, int, void>)Function("rd_kafka_mock_group_initial_rebalance_delay_ms"))(_cluster, 0);
    }

    /// <summary>The address for this program. This cluster names no controller, which the question for a cluster id goes to.</summary>
    public string Address
    {
        get
        {
            IntPtr brokers = ((delegate* unmanaged<IntPtr, IntPtr>)Function("rd_kafka_mock_cluster_bootstraps"))(_cluster);
            return $"kafka://{Marshal.PtrToStringUTF8(brokers)}?log.id=mock&session.timeout.ms=6000&heartbeat.interval.ms=300";
        }
    }

    public void CreateTopic(string name, int partitions)
    {
        fixed (byte* text = Encoding.UTF8.GetBytes(name + "\0"))
        {
            int code = ((delegate* unmanaged<IntPtr, byte*, int, int, int>)Function("rd_kafka_mock_topic_create"))(_cluster, text, partitions, 1);
            if (code != 0)
            {
                throw new InvalidOperationException($"rd_kafka_mock_topic_create({name}): {code}");
            }
        }
    }

    /// <summary>The next produce requests are answered with these errors, one each.</summary>
    public void FailProduce(params int[] codes)
    {
        const short Produce = 0;
        fixed (int* errors = codes)
        {
            ((delegate* unmanaged<IntPtr, short, nuint, int*, void>)Function("rd_kafka_mock_push_request_errors_array"))(
                _cluster, Produce, (nuint)codes.Length, errors);
        }
    }

    public void Dispose()
    {
        ((delegate* unmanaged<IntPtr, void>)Function("rd_kafka_mock_cluster_destroy"))(_cluster);
        ((delegate* unmanaged<IntPtr, void>)Function("rd_kafka_destroy"))(_client);
        NativeLibrary.Free(_library);
    }

    private IntPtr Function(string name) => NativeLibrary.GetExport(_library, name);
}
