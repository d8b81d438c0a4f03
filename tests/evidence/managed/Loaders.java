import java.lang.reflect.Proxy;
import java.net.*;
import java.util.*;
public class Loaders {
  public interface Thing { int one(); }
  static List<Object> kept = new ArrayList<>();
  public static void main(String[] a) throws Exception {
    for (int i = 0; i < 3000; i++) {
      URLClassLoader l = new URLClassLoader(new URL[]{Loaders.class.getProtectionDomain().getCodeSource().getLocation()}, null);
      Class<?> c = l.loadClass("Loaders$Thing");
      kept.add(Proxy.newProxyInstance(l, new Class<?>[]{c}, (p, m, x) -> null));
    }
    System.out.println("ready"); System.out.flush();
    System.in.read();
  }
}
