// The ClickHouse engine in a process of its own, because there is one engine per process and it takes signals when it boots.
//   ChdbGateway serve DIR PORT USER PASSWORD     speaks ClickHouse's HTTP protocol on 127.0.0.1 until it is told to end
//   ChdbGateway busy DIR                         says what happens when every connection of the engine is held by a reader
//   ChdbGateway member LOG STORE GROUP TOPICS MEMORY HOLD   one sink of a group, until it is told to end
//   ChdbGateway sink LOGDIR STORE BATCHROWS      moves a local log into a store until nothing is left
using System.Globalization;
using ECapture.Storage;
using ECapture.Storage.ClickHouse.InProcess;
using ECapture.Tests.ChdbGateway;

try
{
    switch (args)
    {
        case ["serve", string directory, string port, string user, string password]:
            using (ChdbEngine engine = ChdbEngine.Open(directory))
            {
                await HttpGateway.RunAsync(engine, int.Parse(port, CultureInfo.InvariantCulture), user, password);
            }

            return 0;
        case ["sink", string log, string store, string rows]:
            await SinkProcess.RunAsync(log, store, int.Parse(rows, CultureInfo.InvariantCulture));
            return 0;
        case ["busy", string directory]:
            await BusyEngine.RunAsync(directory);
            return 0;
        case ["member", string log, string store, string group, string topics, string memory, string hold]:
            await MemberProcess.RunAsync(log, store, group, topics.Split(','), int.Parse(memory, CultureInfo.InvariantCulture), hold);
            return 0;
        default:
            await Console.Error.WriteLineAsync("usage: ChdbGateway serve DIR PORT USER PASSWORD | sink LOGDIR STORE BATCHROWS");
            return 2;
    }
}
catch (StoreException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}
