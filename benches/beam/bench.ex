# The workloads of harness/src/workloads.rs for Elixir: a server is a GenServer, names and topics are a Registry, trees
# are Supervisors, timers are Process.send_after. Prints the same line of JSON.

defmodule Bench.Counter do
  @moduledoc "Counts, and passes tokens on."
  use GenServer

  def start_link(options), do: GenServer.start_link(__MODULE__, nil, options)

  @impl true
  def init(nil), do: {:ok, {0, nil}}

  @impl true
  def handle_call({:add, by}, _from, {value, next}) do
    {:reply, value + by, {value + by, next}}
  end

  @impl true
  def handle_cast({:bump, by}, {value, next}), do: {:noreply, {value + by, next}}

  def handle_cast({:pass, 0, arrival}, state) do
    send(arrival, :arrived)
    {:noreply, state}
  end

  def handle_cast({:pass, left, arrival}, {_value, next} = state) do
    GenServer.cast(next, {:pass, left - 1, arrival})
    {:noreply, state}
  end

  def handle_cast({:connect, next}, {value, _}), do: {:noreply, {value, next}}

  @impl true
  def handle_info({:bump, by}, {value, next}), do: {:noreply, {value + by, next}}
end

defmodule Bench.Phoenix do
  @moduledoc "Is started again and again."
  use GenServer, shutdown: :brutal_kill

  def start_link({generation, options}), do: GenServer.start_link(__MODULE__, generation, options)

  @impl true
  def init(generation), do: {:ok, :atomics.add_get(generation, 1, 1)}

  @impl true
  def handle_call(:generation, _from, born), do: {:reply, born, born}

  @impl true
  def handle_cast(:panic, _born), do: raise("it was told to")
  def handle_cast(:fail, born), do: {:stop, :told, born}
end

defmodule Bench.Subscriber do
  @moduledoc "Hears what is published."
  use GenServer

  def start_link(topics), do: GenServer.start_link(__MODULE__, topics)

  @impl true
  def init(topics) do
    {:ok, _} = Registry.register(topics, :news, nil)
    {:ok, nil}
  end

  @impl true
  def handle_cast({:hear, left, arrival}, state) do
    if :atomics.sub_get(left, 1, 1) == 0, do: send(arrival, :arrived)
    {:noreply, state}
  end
end

defmodule Bench do
  @moduledoc "The workloads."

  alias Bench.{Counter, Phoenix, Subscriber}

  # No loop begins another batch after this.
  @longest 500_000_000
  # Not counted, before what is.
  @warm_up 2_000

  def main([workload, runtime]) do
    # What a crash prints is not what is measured.
    Logger.configure(level: :none)

    {client, monitor} = spawn_monitor(fn -> exit({:figures, run(workload)}) end)

    receive do
      {:DOWN, ^monitor, :process, ^client, {:figures, figures}} ->
        figures = Enum.map_join(figures, ",", fn {key, value} -> ~s("#{key}":#{value / 1}) end)

        IO.puts(
          ~s({"contender":"beam","workload":"#{workload}","runtime":"#{runtime}","figures":{#{figures}}})
        )

      {:DOWN, ^monitor, :process, ^client, reason} ->
        IO.puts(:stderr, inspect(reason))
        System.halt(1)
    end
  end

  @calls 500_000
  # Calls timed together: a clock costs as much as a part of a call.
  @timed 10

  defp run("call") do
    server = start()
    for _ <- 1..@warm_up, do: call(server, 1)
    began = now()
    times = timed_calls(server, div(@calls, @timed), began, began, [])
    calls = length(times) * @timed
    ended = now()
    true = call(server, 0) == @warm_up + calls
    [{"ns", (ended - began) / calls} | percentiles(times)]
  end

  @callers 64
  @calls_of_each 8_000

  defp run("callers") do
    server = start()
    for _ <- 1..@warm_up, do: call(server, 1)
    began = now()
    await(for _ <- 1..@callers, do: client(fn -> calls(server, 1, began) end))
    elapsed = now() - began
    [{"ns", elapsed / (call(server, 0) - @warm_up)}]
  end

  @casts 1_000_000

  defp run("cast") do
    server = start()
    for _ <- 1..@warm_up, do: cast(server, 1)
    true = call(server, 0) == @warm_up
    began = now()
    sent = casts(server, 1, @casts, began)
    sum = call(server, 0)
    elapsed = now() - began
    true = sum == @warm_up + sent
    [{"ns", elapsed / sent}]
  end

  @senders 8

  defp run("senders") do
    # Elixir's documentation has it for servers with many senders. One sender alone is slower with it.
    {:ok, server} = GenServer.start(Counter, nil, spawn_opt: [message_queue_data: :off_heap])
    began = now()

    await(
      for _ <- 1..@senders do
        client(fn ->
          sent = casts(server, 1, div(@casts, @senders), began)
          true = call(server, 0) >= sent
        end)
      end
    )

    elapsed = now() - began
    [{"ns", elapsed / call(server, 0)}]
  end

  @servers 100_000

  defp run("start") do
    resident = resident_bytes()
    began = now()
    servers = for _ <- 1..@servers, do: start()
    started = now() - began
    for server <- servers, do: true = call(server, 1) == 1
    bytes = bytes_beside(servers, resident)
    began = now()
    for server <- servers, do: GenServer.stop(server)
    stopped = now() - began
    [{"ns", started / @servers}, {"stop_ns", stopped / @servers}, {"bytes", bytes / @servers}]
  end

  @members 1_000

  defp run("ring") do
    [first | _] = connected(@members)

    laps(fn ->
      cast_pass(first, lap())
      arrived(1)
    end)
  end

  @pairs 1_000

  defp run("pairs") do
    firsts = for _ <- 1..@pairs, do: hd(connected(2))

    laps(fn ->
      for first <- firsts, do: cast_pass(first, div(lap(), @pairs))
      arrived(@pairs)
    end)
  end

  @names 10_000
  @look_ups 200_000

  defp run("names") do
    {:ok, _} = Registry.start_link(keys: :unique, name: Bench.Names, partitions: schedulers())
    names = List.to_tuple(for number <- 1..@names, do: "server #{number - 1}")

    for name <- Tuple.to_list(names) do
      {:ok, _} = Counter.start_link(name: {:via, Registry, {Bench.Names, name}})
      call_named(name, 0)
    end

    made = :atomics.new(1, [])
    began = now()

    await(
      for number <- 0..1 do
        client(fn ->
          count = look_ups(names, div(number * @names, 2), 0, began)
          :atomics.add(made, 1, count)
        end)
      end
    )

    elapsed = now() - began
    [{"ns", elapsed / :atomics.get(made, 1)}]
  end

  @restarts 5_000

  defp run("panic"), do: restarts(:panic)
  defp run("fail"), do: restarts(:fail)

  @group 1_000
  @group_restarts 50

  defp run("one-for-all") do
    generation = :atomics.new(1, [])

    children =
      for number <- 1..@group do
        options =
          case number do
            1 -> [name: Bench.First]
            @group -> [name: Bench.Last]
            _ -> []
          end

        Supervisor.child_spec({Phoenix, {generation, options}}, id: number)
      end

    {:ok, _} =
      Supervisor.start_link(children,
        strategy: :one_for_all,
        max_restarts: 1_000_000,
        max_seconds: 1
      )

    before = later_generation(Bench.Last, 0)
    names = {Bench.First, Bench.Last}
    times = restarts(names, :fail, @group, @group_restarts, before, now(), [])
    percentiles(Enum.map(times, &(&1 / @group)))
  end

  @supervisors 100

  defp run("tree") do
    below =
      for number <- 1..@supervisors do
        counters =
          for number <- 1..div(@servers, @supervisors) do
            Supervisor.child_spec({Counter, []}, id: number)
          end

        %{
          id: number,
          type: :supervisor,
          start: {Supervisor, :start_link, [counters, [strategy: :one_for_one]]}
        }
      end

    {:ok, root} = Supervisor.start_link(below, strategy: :one_for_one)
    began = now()
    Supervisor.stop(root)
    [{"ns", (now() - began) / @servers}]
  end

  @subscribers 10_000
  @messages 50

  defp run("publish") do
    {:ok, _} = Registry.start_link(keys: :duplicate, name: Bench.Topics, partitions: schedulers())

    for _ <- 1..@subscribers, do: {:ok, _} = Subscriber.start_link(Bench.Topics)
    send_to_all()
    began = now()
    messages = published(0, began)
    [{"ns", (now() - began) / (messages * @subscribers)}]
  end

  @timers 1_000_000

  defp run("timers") do
    server = start()
    resident = resident_bytes()
    began = now()

    timers =
      for number <- 0..(@timers - 1) do
        # In no order, over an hour.
        after_ms = 3_600_000 + rem(number * 7_919, 3_600_000)
        Process.send_after(server, {:bump, 1}, after_ms)
      end

    0 = call(server, 0)
    armed = now() - began
    bytes = bytes_beside(timers, resident)
    began = now()
    for timer <- timers, do: Process.cancel_timer(timer, async: true, info: false)
    # None has fired.
    0 = call(server, 0)
    cancelled = now() - began
    [{"ns", armed / @timers}, {"cancel_ns", cancelled / @timers}, {"bytes", bytes / @timers}]
  end

  defp timed_calls(_server, 0, _last, _began, times), do: times

  defp timed_calls(_server, _left, last, began, times) when last - began >= @longest, do: times

  defp timed_calls(server, left, last, began, times) do
    call_often(server, @timed)
    now = now()
    timed_calls(server, left - 1, now, began, [(now - last) / @timed | times])
  end

  defp call_often(_server, 0), do: :ok

  defp call_often(server, left) do
    call(server, 1)
    call_often(server, left - 1)
  end

  defp calls(_server, number, _began) when number > @calls_of_each, do: :ok

  defp calls(server, number, began) do
    call(server, 1)

    if rem(number, 100) == 0 and now() - began > @longest do
      :ok
    else
      calls(server, number + 1, began)
    end
  end

  # Casts so often, or as long as there is time.
  defp casts(server, number, last, began) do
    cast(server, 1)

    if number == last or (rem(number, 1_000) == 0 and now() - began > @longest) do
      number
    else
      casts(server, number + 1, last, began)
    end
  end

  defp lap, do: 50_000

  # Laps, the first of which is not counted.
  defp laps(lap) do
    lap.()
    began = now()
    begun = laps(lap, 0, began)
    [{"ns", (now() - began) / (begun * lap())}]
  end

  defp laps(lap, done, began) do
    if done < 10 and (done == 0 or now() - began <= @longest) do
      lap.()
      laps(lap, done + 1, began)
    else
      done
    end
  end

  # Servers in a circle.
  defp connected(count) do
    members = for _ <- 1..count, do: start()

    for {member, next} <- Enum.zip(members, tl(members) ++ [hd(members)]) do
      GenServer.cast(member, {:connect, next})
    end

    members
  end

  defp cast_pass(server, hops), do: GenServer.cast(server, {:pass, hops, self()})

  defp arrived(0), do: :ok

  defp arrived(count) do
    receive do
      :arrived -> arrived(count - 1)
    end
  end

  # A step that is prime to their number: every name comes, in no order that a cache could guess.
  defp look_ups(names, place, calls, began) do
    if calls < @look_ups and (rem(calls, 100) != 0 or now() - began < @longest) do
      place = rem(place + 7_919, @names)
      call_named(elem(names, place), 1)
      look_ups(names, place, calls + 1, began)
    else
      calls
    end
  end

  defp call_named(name, by) do
    [{server, _}] = Registry.lookup(Bench.Names, name)
    call(server, by)
  end

  defp restarts(order) do
    percentiles(restarts_of_many(order, :atomics.new(1, []), @restarts, now(), []))
  end

  # A supervisor counts its restarts of the last second in a list that it walks at each: it is replaced before there are
  # many, which is not counted.
  @restarts_of_one 100

  defp restarts_of_many(order, generation, left, first, times) do
    if left > 0 and now() - first < @longest do
      {:ok, supervisor} =
        Supervisor.start_link([{Phoenix, {generation, [name: Phoenix]}}],
          strategy: :one_for_one,
          max_restarts: 1_000_000,
          max_seconds: 1
        )

      before = later_generation(Phoenix, 0)
      times = restarts({Phoenix, Phoenix}, order, 1, @restarts_of_one, before, first, times)
      Supervisor.stop(supervisor)
      restarts_of_many(order, generation, left - @restarts_of_one, first, times)
    else
      times
    end
  end

  defp restarts({ordered, asked} = names, order, children, left, before, first, times) do
    began = now()

    if left > 0 and began - first < @longest do
      GenServer.cast(ordered, order)
      generation = later_generation(asked, before)
      time = now() - began
      # Each begins once, the last one last.
      ^generation = before + children
      restarts(names, order, children, left - 1, generation, first, [time | times])
    else
      times
    end
  end

  # Asks until a later incarnation than `before` answers.
  defp later_generation(name, before) do
    case generation(name) do
      generation when is_integer(generation) and generation > before ->
        generation

      _ ->
        :erlang.yield()
        later_generation(name, before)
    end
  end

  defp generation(name) do
    GenServer.call(name, :generation)
  catch
    :exit, _ -> nil
  end

  defp published(messages, began) do
    if messages < @messages and now() - began < @longest do
      send_to_all()
      published(messages + 1, began)
    else
      messages
    end
  end

  defp send_to_all do
    left = :atomics.new(1, [])
    :atomics.put(left, 1, @subscribers)
    arrival = self()

    Registry.dispatch(Bench.Topics, :news, fn entries ->
      for {subscriber, _} <- entries, do: GenServer.cast(subscriber, {:hear, left, arrival})
    end)

    arrived(1)
  end

  defp start do
    {:ok, server} = GenServer.start(Counter, nil)
    server
  end

  defp call(server, by), do: GenServer.call(server, {:add, by})

  defp cast(server, by), do: GenServer.cast(server, {:bump, by})

  defp client(work), do: spawn_monitor(work)

  defp await(clients) do
    for {client, monitor} <- clients do
      receive do
        {:DOWN, ^monitor, :process, ^client, :normal} -> :ok
      end
    end
  end

  defp schedulers, do: System.schedulers_online()

  defp percentiles(times) do
    sorted = times |> Enum.sort() |> List.to_tuple()
    at = fn part -> elem(sorted, trunc((tuple_size(sorted) - 1) * part)) end
    [{"p50", at.(0.5)}, {"p99", at.(0.99)}]
  end

  defp now, do: System.monotonic_time(:nanosecond)

  # What the memory has grown by, without the handles that the client has.
  defp bytes_beside(handles, resident) do
    :erlang.garbage_collect()
    max(resident_bytes() - resident - 8 * :erts_debug.flat_size(handles), 0)
  end

  # Memory of this process of the operating system that is in use.
  defp resident_bytes do
    {:ok, pages} = File.read("/proc/self/statm")
    [_, resident | _] = String.split(pages)
    String.to_integer(resident) * 4096
  end
end
