/* Members -- waits until so many processes share a group's partitions.
 *
 *     java -cp JARS Members.java BOOTSTRAP GROUP COUNT SECONDS
 *
 * Prints who has what at last. Exit 1: it did not come to that in time. */
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.common.GroupState;

class Members {
    public static void main(String[] arguments) throws Exception {
        String group = arguments[1];
        int wanted = Integer.parseInt(arguments[2]);
        long endNs = System.nanoTime() + Long.parseLong(arguments[3]) * 1_000_000_000L;
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", arguments[0]))) {
            for (;;) {
                ConsumerGroupDescription found = null;
                try {
                    found = admin.describeConsumerGroups(List.of(group)).all().get().get(group);
                } catch (java.util.concurrent.ExecutionException absent) {
                    if (System.nanoTime() >= endNs)
                        System.out.println(absent.getCause());
                }
                boolean done = found != null && found.groupState() == GroupState.STABLE
                    && found.members().size() == wanted;
                if (!done && System.nanoTime() < endNs) {
                    Thread.sleep(200);
                    continue;
                }
                if (found != null) {
                    System.out.println(found.groupState());
                    found.members().forEach(member -> System.out.println(
                        member.groupInstanceId().orElse("?") + " " + member.assignment().topicPartitions()));
                }
                System.exit(done ? 0 : 1);
            }
        }
    }
}
