using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;

namespace ECapture.Capture.Modules.Tls;

/// <summary>Receives the records of bpf/include/tls.h, whichever module's object wrote them.</summary>
/// <param name="events">Makes events of them.</param>
/// <param name="losses">Counts those that are none.</param>
/// <param name="module">Who counts.</param>
internal sealed class TlsRecords(TlsEvents events, ILossAccount losses, string module) : IRecordHandler
{
    /// <summary>Compares the records with the object's own types.</summary>
    /// <exception cref="CaptureException">They are not the same.</exception>
    internal static void CheckLayouts(BtfTypes types)
    {
        RecordLayout.Check<SocketTuple>(types);
        RecordLayout.Check<TlsDataRecord>(types);
        RecordLayout.Check<TlsSecretRecord>(types);
    }

    /// <inheritdoc/>
    public void OnRecord(ReadOnlySpan<byte> record)
    {
        if (record.Length < Unsafe.SizeOf<RecordHeader>())
        {
            losses.Count(module, "record that is cut");
            return;
        }

        switch (MemoryMarshal.Read<RecordHeader>(record).Type)
        {
            case TlsDataRecord.Type when record.Length >= Unsafe.SizeOf<TlsDataRecord>():
                ref readonly TlsDataRecord data = ref MemoryMarshal.AsRef<TlsDataRecord>(record);
                ReadOnlySpan<byte> bytes = record[Unsafe.SizeOf<TlsDataRecord>()..];
                if (data.Length <= bytes.Length)
                {
                    events.OnData(data, bytes[..(int)data.Length]);
                    return;
                }

                break;
            case TlsSecretRecord.Type when record.Length >= Unsafe.SizeOf<TlsSecretRecord>():
                events.OnSecret(MemoryMarshal.AsRef<TlsSecretRecord>(record));
                return;
            default:
                break;
        }

        losses.Count(module, "record that is cut or unknown");
    }
}
