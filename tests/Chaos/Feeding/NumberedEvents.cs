using System.Text;
using ECapture.Capture.Publishing;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Log.Streams;
using Google.Protobuf;

namespace ECapture.Tests.Chaos.Feeding;

/// <summary>Events with a number in their payload, of six topics and many sizes, through the agent's publisher.</summary>
internal sealed class NumberedEvents(IEventPublisher publisher, AgentClock clock, Random random)
{
    private readonly byte[] _filler = Filler(random);

    /// <summary>How many were published.</summary>
    public long Count { get; private set; }

    public void Publish()
    {
        byte[] text = Text();
        EventHeader header = new()
        {
            BootNs = clock.BootNs,
            Pid = (uint)(1000 + (Count % 37)),
            Tid = (uint)(1000 + (Count % 37)),
            Uid = 1000,
            Connection = (ulong)(1 + (Count % 11)),
        };
        switch (random.Next(8))
        {
            case 0 or 1:
                publisher.PublishTlsData(Topics.Tls, header, Direction.Sent, "libssl.so.3", (ulong)Count, text);
                break;
            case 2 or 3:
                publisher.PublishPacket(header, Direction.Received, "lo", 1, 1, (uint)text.Length, text);
                break;
            case 4:
                publisher.Publish(Topics.Bash, header, new Event { ShellCommand = new ShellCommand { Text = ByteString.CopyFrom(text) } });
                break;
            case 5:
                publisher.Publish(Topics.Process, header, new Event { ProcessExit = new ProcessExit { ExitStatus = (int)(Count % 256) } });
                break;
            case 6:
                publisher.Publish(Topics.Postgres, header, new Event { SqlStatement = new SqlStatement { Statement = ByteString.CopyFrom(text) } });
                break;
            default:
                publisher.Publish(Topics.Connection, header, new Event { ConnectionState = new ConnectionState { State = ConnectionState.Types.State.Opened } });
                break;
        }

        Count++;
    }

    private byte[] Text()
    {
        int size = random.Next(200) == 0 ? random.Next(60_000) : random.Next(700);
        byte[] number = Encoding.ASCII.GetBytes($"{Count} ");
        return [.. number, .. _filler.AsSpan(random.Next(1000), size)];
    }

    private static byte[] Filler(Random random)
    {
        byte[] filler = new byte[61_000];
        random.NextBytes(filler);
        return filler;
    }
}
