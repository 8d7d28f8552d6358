using ECapture.Protocols.Http;
using ECapture.Protocols.Http.Http2;

namespace ECapture.Fuzz;

/// <summary>Header blocks of noise and of changed true blocks, one table for many.</summary>
public sealed class HpackTarget : IFuzzTarget, IHeaderSink
{
    private static readonly byte[] s_block = Convert.FromHexString(
        "4882640258" + "85aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3");

    public string Name => "hpack";

    public (long Fed, long Kept) Run(Random random)
    {
        var decoder = new HpackDecoder(4096, random.Next(2) == 0);
        long fed = 0;
        for (int blocks = random.Next(1, 20); blocks > 0; blocks--)
        {
            byte[] block = Mutator.Change(s_block, random);
            fed += block.Length;
            decoder.Decode(block, this);
            if (decoder.TableSize is < 0 or > 4096 || decoder.TableCount > 128)
            {
                throw new InvalidOperationException($"the table holds {decoder.TableCount} entries of {decoder.TableSize} bytes");
            }
        }

        return (fed, decoder.TableSize);
    }

    public void OnHeader(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, HttpHeaderFlags flags)
    {
        if ((flags & HttpHeaderFlags.NameUnknown) != 0 && !name.IsEmpty)
        {
            throw new InvalidOperationException("an unknown name has bytes");
        }
    }
}
